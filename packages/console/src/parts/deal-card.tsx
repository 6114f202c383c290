import { memo } from 'react';
import type { Deal } from '../feed/deal.js';
import { priceWords } from '../words.js';
import css from './deal-card.module.css';

interface Props {
  readonly deal: Deal;
  /** How long ago it arrived, as words: so a card is drawn anew only when they change. */
  readonly age: string;
}

const Change = ({ deal }: { deal: Deal }) => {
  if (deal.before === undefined || deal.price === undefined) return null;
  const isCheaper = deal.price < deal.before;
  return (
    <span className={isCheaper ? css['cheaper'] : css['dearer']}>
      <span aria-hidden="true">{isCheaper ? '↓' : '↑'}</span> from {priceWords(deal.before, deal.currency)}
    </span>
  );
};

/** One deal. Everything in it is text of a stranger, and is shown as text. */
export const DealCard = memo(({ deal, age }: Props) => (
  <article className={css['card']}>
    <div className={css['what']}>
      <h3 className={css['title']}>{deal.title}</h3>
      <p className={css['tags']}>
        {deal.category === undefined ? null : <span className={css['category']}>{deal.category}</span>}
        {deal.subCategory === undefined ? null : <span>{deal.subCategory}</span>}
        <time dateTime={new Date(deal.arrivedAt).toISOString()}>{age}</time>
      </p>
    </div>
    <div className={css['numbers']}>
      {deal.price === undefined ? null : (
        <p className={css['price']}>
          {priceWords(deal.price, deal.currency)}
          {deal.was === undefined ? null : (
            <s className={css['was']}>
              <span className="unseen">was </span>
              {priceWords(deal.was, deal.currency)}
            </s>
          )}
        </p>
      )}
      <Change deal={deal} />
    </div>
    {deal.discount !== undefined && deal.discount > 0 ? (
      <p className={css['discount']}>
        −{Math.round(deal.discount)}
        <small> %</small>
        <span className="unseen"> off</span>
      </p>
    ) : (
      <p className={css['none']} />
    )}
  </article>
));
DealCard.displayName = 'DealCard';
