import { calls } from '@aideals/protocol';
import { expect, test } from 'vitest';
import { broadcastOf, type DemoDeal, endlessDeals, fieldsOf, readDeals } from './deals.mjs';

const deals = readDeals();

test('a line of CSV is read with its quotes, commas and empty fields', () => {
  expect(fieldsOf('a,"b, c","9"" wide",,e')).toEqual(['a', 'b, c', '9" wide', '', 'e']);
});

test('each discounted row of the data makes one deal, with a title, a category in lower case, and a price', () => {
  expect(deals.length).toBe(5196);
  expect(new Set(deals.map((deal) => deal.category))).toEqual(new Set(['furniture', 'office supplies', 'technology']));
  for (const deal of deals) {
    expect(deal.title).not.toBe('');
    expect(deal.price).toBeGreaterThan(0);
    expect(deal.was).toBeGreaterThanOrEqual(deal.price);
    expect(deal.discountPercentage).toBeGreaterThan(0);
  }
});

test('the order mixes the categories', () => {
  expect(new Set(deals.slice(0, 12).map((deal) => deal.category)).size).toBe(3);
});

test('they go on for ever, from the second time on at new prices, never above the full one', () => {
  const random = [0, 0.999];
  const endless = endlessDeals(() => random[0] ?? 0);
  const first = Array.from({ length: deals.length }, () => endless.next().value as DemoDeal);
  expect(first).toEqual(deals);
  const [deal] = deals;
  const lower = endless.next().value as DemoDeal;
  expect(lower.dealId).toBe(deal?.dealId);
  expect(lower.price).toBeCloseTo((deal?.price ?? 0) * 0.9, 1);
  random.shift();
  for (let i = 0; i < deals.length; i += 1) {
    const { price, was, discountPercentage } = endless.next().value as DemoDeal;
    expect(price).toBeLessThanOrEqual(was);
    expect(discountPercentage).toBeGreaterThanOrEqual(0);
  }
});

test('what is published is what the contract takes', () => {
  for (const deal of deals.slice(0, 50)) expect(calls.broadcast.body.safeParse(broadcastOf(deal)).success).toBe(true);
});
