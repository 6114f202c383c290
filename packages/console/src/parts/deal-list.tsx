import { useEffect, useState } from 'react';
import { MOST_DEALS } from '../feed/deal.js';
import type { FeedView } from '../feed/feed.js';
import { ageWords } from '../words.js';
import { DealCard } from './deal-card.js';
import css from './deal-list.module.css';

const useNow = (): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
};

const count = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

const Empty = ({ view }: { view: FeedView }) => (
  <p className={css['empty']}>
    {view.received === 0
      ? 'Nothing has arrived yet. Deals appear here the moment they are published.'
      : 'Nothing that arrived so far matches these filters. What matches appears here as it comes.'}
  </p>
);

interface Props {
  readonly view: FeedView;
  /** What is set beside it is what the server was asked for, and has confirmed. */
  readonly isSettled: boolean;
  readonly onPause: (paused: boolean) => void;
  readonly onClear: () => void;
}

export const DealList = ({ view, isSettled, onPause, onClear }: Props) => {
  const now = useNow();
  const shown = view.deals.length;
  return (
    <section aria-label="Deals">
      <div className={css['bar']}>
        <p className={css['count']}>
          <strong>{shown === MOST_DEALS ? `The newest ${shown} deals` : count(shown, 'deal')}</strong>
          <span>{isSettled ? `${view.received.toLocaleString('en')} received` : 'asking the server …'}</span>
        </p>
        <button type="button" onClick={onClear} disabled={shown === 0 && view.held === 0}>
          Clear
        </button>
        <button type="button" className={css['pause']} aria-pressed={view.paused} onClick={() => onPause(!view.paused)}>
          {view.paused ? `Resume${view.held > 0 ? ` · ${view.held} new` : ''}` : 'Pause'}
        </button>
      </div>
      {shown === 0 ? (
        <Empty view={view} />
      ) : (
        <ol className={css['list']} data-testid="deals">
          {view.deals.map((deal) => (
            <li key={deal.eventId} className={css['item']}>
              <DealCard deal={deal} age={ageWords(now - deal.arrivedAt)} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
};
