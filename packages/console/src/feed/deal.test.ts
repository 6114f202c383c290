import type { DealEvent, JsonObject } from '@aideals/client';
import { describe, expect, it } from 'vitest';
import { dealOf, MOST_DEALS, withNew } from './deal.js';

const event = (id: string, data: JsonObject): DealEvent => ({
  type: 'dealUpdate',
  topic: 'new-deals',
  id,
  data,
  timestamp: 1,
});

describe('a deal', () => {
  it('is read from what a publisher sent', () => {
    const data = { dealId: 'd', title: 'Lamp', category: 'furniture', price: 80, was: 100, currency: 'EUR' };
    expect(dealOf(event('e-1', data), 5)).toMatchObject({
      key: 'dealUpdate d',
      title: 'Lamp',
      category: 'furniture',
      price: 80,
      was: 100,
      discount: 20,
      currency: 'EUR',
      arrivedAt: 5,
    });
  });

  it.each<[JsonObject, object]>([
    [{}, { key: 'e-1', title: 'A deal without a title', price: undefined, discount: undefined }],
    [
      { title: 7, price: '9', category: null },
      { title: 'A deal without a title', price: undefined, category: undefined },
    ],
    [
      { title: ' ', productId: 12 },
      { key: 'dealUpdate 12', title: '12' },
    ],
    [
      { price: 10, was: 5 },
      { was: undefined, discount: undefined },
    ],
    [{ discount: 10, discountPercentage: 35 }, { discount: 10 }],
    [{ discount: null, discountPercentage: 35 }, { discount: 35 }],
  ])('%j is read without trust', (data, deal) => {
    expect(dealOf(event('e-1', data), 5)).toMatchObject(deal);
  });
});

describe('the list', () => {
  const deal = (id: number, dealId: string, price: number) => dealOf(event(`e-${id}`, { dealId, price }), id);

  it('has the newest in front, and one card for each deal, which knows its former price', () => {
    const first = withNew([], [deal(1, 'a', 10), deal(2, 'b', 10)]);
    const second = withNew(first, [deal(3, 'a', 8), deal(4, 'c', 1)]);
    expect(second.map(({ key, price, before }) => [key, price, before])).toEqual([
      ['dealUpdate c', 1, undefined],
      ['dealUpdate a', 8, 10],
      ['dealUpdate b', 10, undefined],
    ]);
  });

  it('knows the former price also after a state that did not change it', () => {
    const deals = [10, 8, 8].reduce<readonly ReturnType<typeof deal>[]>(
      (all, price, i) => withNew(all, [deal(i, 'a', price)]),
      [],
    );
    expect(deals).toMatchObject([{ price: 8, before: 10 }]);
  });

  it('is bounded', () => {
    const many = Array.from({ length: MOST_DEALS + 50 }, (_, i) => deal(i, `d${i}`, 1));
    const deals = withNew([], many);
    expect(deals).toHaveLength(MOST_DEALS);
    expect(deals[0]?.key).toBe(`dealUpdate d${MOST_DEALS + 49}`);
  });
});
