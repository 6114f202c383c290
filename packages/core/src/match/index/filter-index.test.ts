import type { Filters, FilterValue, JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, compile, type Matcher } from '../matches.js';
import { FilterIndex } from './filter-index.js';
import { Store } from './store.js';

/** How many times as long as usual: `INDEX_TIMES=300` lets more than a million events find a million filters that come and go. */
const TIMES = Number(process.env['INDEX_TIMES'] ?? 1);
const MS = 20_000 * TIMES;

const names = ['brand', 'category', 'colours', 'discount', 'min', 'toString'] as const;
const texts = ['a', 'b', 'A', '', '1', 'Öko', 'öko', 'x'.repeat(40)] as const;
const scalar = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom(0, -0, 1, 2, 20, 1.5, 1e300, Number.MIN_VALUE),
  fc.boolean(),
);
const limit = fc.oneof(
  fc.integer({ min: -3, max: 30 }),
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.constantFrom(0.1, 0.1 + Number.EPSILON, 1e300, -1e300, Number.MAX_SAFE_INTEGER, -0),
);
const phrase = fc.constantFrom(
  'WH-1000XM5',
  'wh1000xm5',
  'WH 1000XM5',
  'straße',
  'STRASSE',
  'noise-cancelling TV',
  'tv',
  'Ｗｉｄｅ',
  'wide café',
  'CAFÉ',
  '4k',
  'हिन्दी',
);
const list = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: fc.array(one, { minLength: 1, maxLength: 4 }) });

const filters: fc.Arbitrary<Filters> = fc
  .record(
    {
      brand: list(scalar) as fc.Arbitrary<FilterValue>,
      category: list(scalar) as fc.Arbitrary<FilterValue>,
      colours: list(scalar) as fc.Arbitrary<FilterValue>,
      discount: list(scalar) as fc.Arbitrary<FilterValue>,
      min: list(scalar) as fc.Arbitrary<FilterValue>,
      toString: scalar as fc.Arbitrary<FilterValue>,
      minDiscount: limit,
      maxDiscount: limit,
      minPrice: limit,
      maxPrice: limit,
      minDiscountPercentage: limit,
      keywords: list(phrase) as fc.Arbitrary<FilterValue>,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((all) => {
    // A few of the keys, as people give them.
    const keys = Object.keys(all);
    return Object.fromEntries(
      keys.filter((_, n) => keys.length < 4 || n % 3 === 0).map((key) => [key, all[key as never]]),
    );
  });

const element = fc.oneof(scalar, limit, phrase);
const value = fc.oneof(
  { weight: 6, arbitrary: element },
  { weight: 2, arbitrary: fc.array(element, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom<JsonObject[string][]>(null, { a: 1 }, [['a']], [null]) },
);
const event: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.constantFrom(...names, 'discountPercentage', 'price', 'title', 'description', 'tags', 'other'),
  value as fc.Arbitrary<JsonObject[string]>,
  { maxKeys: 8, noNullPrototype: true },
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: filters }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ event }) },
);

interface Item {
  readonly n: number;
  address: number;
}

/** An index, and the plain list of what should be in it. */
const pair = (store = new Store<Item>()) => {
  const index = new FilterIndex<Item>(store);
  const plain = new Map<number, { filters: Filters; matcher: Matcher; item: Item }>();
  let made = 0;
  return {
    index,
    plain,
    add(given: Filters): void {
      made += 1;
      const item = { n: made, address: -1 };
      index.add(given, item);
      plain.set(made, { filters: given, matcher: compile(given), item });
    },
    remove(nth: number): void {
      const key = [...plain.keys()][nth % Math.max(1, plain.size)];
      const kept = key === undefined ? undefined : plain.get(key);
      if (key === undefined || kept === undefined) return;
      index.remove(kept.filters, kept.item);
      plain.delete(key);
    },
    compare(attributes: JsonObject, seed?: number): void {
      const expected = [...plain].filter(([, { matcher }]) => matcher(attributes)).map(([key]) => key);
      expect(
        index
          .find(attributes)
          .map(({ n }) => n)
          .sort((a, b) => a - b),
        `seed ${seed}`,
      ).toEqual(expected);
    },
  };
};

describe('the index', () => {
  it('finds exactly what a plain scan finds, while filters come and go', { timeout: MS }, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const store = new Store<Item>();
        const topics = [pair(store), pair(store)] as const;
        for (const [n, each] of steps.entries()) {
          const topic = topics[n % 2 === 0 ? 0 : 1];
          if ('add' in each) topic.add(each.add);
          else if ('remove' in each) topic.remove(each.remove);
          else for (const one of topics) one.compare(each.event);
        }
      }),
      { numRuns: 100 * TIMES },
    );
  });

  it('finds exactly what a plain scan finds among many, after most have gone, and after others came', {
    timeout: MS,
  }, () => {
    const seed = Date.now();
    const distinct = new Map(
      fc.sample(filters, { numRuns: 3_000 * Math.min(TIMES, 10), seed }).map((each) => [canonical(each), each]),
    );
    const events = fc.sample(event, { numRuns: 100, seed });
    const all = pair();
    for (const each of distinct.values()) all.add(each);
    for (const each of events) all.compare(each, seed);
    while (all.plain.size > 200) all.remove(all.plain.size >>> 1);
    for (const each of events) all.compare(each, seed);
    for (const each of [...distinct.values()].reverse()) all.add(each);
    for (const each of events) all.compare(each, seed);
    while (all.plain.size > 0) all.remove(0);
    for (const each of events) expect(all.index.find(each)).toEqual([]);
  });

  it('tells limits apart that single precision does not', () => {
    const all = pair();
    const limits = Array.from({ length: 600 }, (_, n) => 1 + (n - 300) * Number.EPSILON);
    for (const each of limits) all.add({ category: 'a', minPrice: each, maxPrice: each });
    for (const each of limits) all.add({ minPrice: each });
    for (const price of [...limits, 0.5, 2]) all.compare({ category: 'a', price });
  });

  it('takes no more memory for filters that come and go than for those that are there', () => {
    const store = new Store<Item>();
    const all = pair(store);
    const fill = (round: number): void => {
      for (let n = 0; n < 2_000; n += 1) all.add({ brand: `b${round}-${n}`, category: `c${n % 7}`, minPrice: n });
    };
    fill(0);
    const { bytes } = store.records;
    for (let round = 1; round < 10; round += 1) {
      while (all.plain.size > 0) all.remove(all.plain.size - 1);
      fill(round);
    }
    expect(store.records.bytes).toBe(bytes);
  });

  it('finds the same among thousands of one value and two bounds, with equal limits and limits that are all but equal', () => {
    const near = fc.constantFrom(0, 10, 10.1, 10.1 + 1e-9, 10.1 - 1e-9, 16_777_216, 16_777_217, 1e300, -1e300);
    const bounded = fc.oneof(
      fc.record({ category: fc.constant('a'), minDiscount: near, maxPrice: near }),
      fc.record({ category: fc.constant('a'), minDiscount: near }),
      fc.record({ category: fc.constant('a'), maxPrice: fc.integer({ min: 0, max: 999 }), minRating: near }),
      fc.record({ category: fc.constant('a'), maxPrice: near, minRating: near, minStock: near }),
    );
    const sample = fc.sample(bounded, { numRuns: 4_000, seed: 3 });
    const events = fc.sample(
      fc.record(
        { category: fc.constant('a'), discount: near, price: near, rating: near, stock: near },
        { requiredKeys: ['category'] },
      ),
      { numRuns: 60, seed: 4 },
    );
    const { index, add, remove, compare } = pair();
    for (const each of sample) add(each);
    for (const each of events) compare(each);
    for (let n = 0; n < 3_000; n += 1) remove(n * 7);
    for (const each of events) compare(each);
    for (let n = 0; n < 1_000; n += 1) remove(n);
    expect(index.find({ category: 'a', discount: 1e300, price: -1e300, rating: 1e300, stock: 1e300 })).toEqual([]);
  });
});
