import type { DealEvent, JsonObject } from '@aideals/client';

/** A deal as the page shows it. Its data is whatever a publisher sent: nothing in it is relied upon. */
export interface Deal {
  /** Names the card: a new state of the same deal takes its place. */
  readonly key: string;
  /** The place in the log of the newest state. */
  readonly eventId: string;
  readonly topic: string;
  readonly title: string;
  readonly category: string | undefined;
  readonly subCategory: string | undefined;
  readonly price: number | undefined;
  /** What it cost before the discount. */
  readonly was: number | undefined;
  /** In percent. */
  readonly discount: number | undefined;
  readonly currency: string | undefined;
  /** The price of the state before, where it was another one. */
  readonly before: number | undefined;
  /** When it arrived, in Unix milliseconds of this machine. */
  readonly arrivedAt: number;
  /** What filters are matched against. */
  readonly attributes: JsonObject;
  /** Which filters the server matched it with: the number of the change. */
  readonly matched: number;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const name = (value: unknown): string | undefined =>
  text(value) ?? (typeof value === 'number' ? String(value) : undefined);

const discountOf = (data: JsonObject, price: number | undefined, was: number | undefined): number | undefined => {
  const told = number(data['discount']) ?? number(data['discountPercentage']);
  if (told !== undefined || price === undefined || was === undefined || was <= price) return told;
  return Math.round((1 - price / was) * 1000) / 10;
};

/** Reads an event. `arrivedAt` in Unix milliseconds. */
export const dealOf = (event: DealEvent, arrivedAt: number): Deal => {
  const { data, id, topic, type } = event;
  const own = name(data['dealId']) ?? name(data['id']) ?? name(data['productId']);
  const price = number(data['price']);
  const was = number(data['was']) ?? number(data['originalPrice']);
  return {
    key: own === undefined ? id : `${type} ${own}`,
    eventId: id,
    topic,
    title: text(data['title']) ?? text(data['name']) ?? own ?? 'A deal without a title',
    category: text(data['category']),
    subCategory: text(data['subCategory']),
    price,
    was: was !== undefined && price !== undefined && was > price ? was : undefined,
    discount: discountOf(data, price, was),
    currency: text(data['currency']),
    before: undefined,
    arrivedAt,
    attributes: data,
    matched: 0,
  };
};

/** The most cards that are kept. */
export const MOST_DEALS = 200;

/** The deals with new ones in front; a new state of a deal takes the place of the old one, and knows its price. */
export const withNew = (deals: readonly Deal[], arrived: readonly Deal[]): readonly Deal[] => {
  const byKey = new Map(deals.map((deal) => [deal.key, deal]));
  for (const deal of arrived) {
    const old = byKey.get(deal.key);
    byKey.delete(deal.key);
    const before = old?.price !== deal.price ? old?.price : old?.before;
    byKey.set(deal.key, { ...deal, before });
  }
  const fresh = new Set(arrived.map((deal) => deal.key));
  const newest = [...byKey.values()].filter((deal) => fresh.has(deal.key)).reverse();
  return [...newest, ...deals.filter((deal) => !fresh.has(deal.key))].slice(0, MOST_DEALS);
};
