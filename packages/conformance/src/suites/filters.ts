import type { JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { errorWith } from '../expectations.js';
import { onTargets } from '../suite.js';

interface Case {
  readonly filters: JsonObject;
  /** Events that must come; a pair is `data` and the event's own `filters`. */
  readonly yes: readonly (JsonObject | readonly [JsonObject, JsonObject])[];
  readonly no: readonly (JsonObject | readonly [JsonObject, JsonObject])[];
}

/** Publishes all events of all cases in one go, and sees which of them reach a connection that has the filters. */
const hold = async (bench: Bench, ...cases: readonly Case[]): Promise<void> => {
  for (const { filters, yes, no } of cases) {
    const topic = bench.topic();
    const session = await bench.open();
    const confirmed = await session.ask('subscribeToDeals', { topic, filters });
    expect(confirmed.type, JSON.stringify(confirmed.data)).toBe('subscriptionConfirmed');
    const events = [...yes, ...no].map((event) => {
      const [data, attributes] = Array.isArray(event)
        ? (event as [JsonObject, JsonObject])
        : [event as JsonObject, undefined];
      return { topic, data, ...(attributes === undefined ? {} : { filters: attributes }) };
    });
    const published = await bench.publishMany(events);
    const got = new Set((await session.untilPong()).map((frame) => frame.id));
    const came = published.map(({ id }, n) => ({ event: JSON.stringify(events[n]), comes: got.has(id) }));
    const expected = events.map((event, n) => ({ event: JSON.stringify(event), comes: n < yes.length }));
    expect(came, JSON.stringify(filters)).toEqual(expected);
    await session.close();
  }
};

onTargets('Filters', {}, (bench, check) => {
  check('[FILTER-1] every filter must hold, and none means everything', async () => {
    await hold(
      bench,
      { filters: {}, yes: [{}, { a: 1 }], no: [] },
      {
        filters: { category: 'electronics', minDiscount: 20, brand: ['A', 'B'] },
        yes: [{ category: 'electronics', discount: 20, brand: 'B' }],
        no: [
          { category: 'toys', discount: 20, brand: 'B' },
          { category: 'electronics', discount: 19, brand: 'B' },
          { category: 'electronics', discount: 20, brand: 'C' },
          { category: 'electronics', discount: 20 },
        ],
      },
    );
  });

  check('[FILTER-2] the event’s own filters lie over its data, and null counts as absent', async () => {
    await hold(bench, {
      filters: { category: 'electronics', minDiscount: 20 },
      yes: [
        { category: 'electronics', discountPercentage: 35 },
        [{ dealId: 'x' }, { category: 'electronics', discount: 20 }],
        [
          { category: 'toys', discount: 5 },
          { category: 'electronics', discount: 20 },
        ],
        [
          { category: 'electronics', discount: 30 },
          { category: 'electronics', discount: null },
        ],
        [{ category: 'electronics', discountPercentage: 30 }, { discount: null }],
        { category: 'electronics', discount: null, discountPercentage: 30 },
      ],
      no: [
        { category: 'electronics', discountPercentage: 10 },
        [{ category: 'electronics', discount: 30 }, { discount: 10 }],
        [{ category: 'electronics', discount: 30 }, { category: 'toys' }],
        [{ category: 'electronics' }, { discount: null }],
        { category: 'electronics', discount: null },
        { category: null, discount: 30 },
      ],
    });
  });

  check('[FILTER-3] an event without the attribute does not match, and only the top level is looked at', async () => {
    await hold(
      bench,
      {
        filters: { category: 'a' },
        yes: [{ category: 'a' }],
        no: [{}, { deal: { category: 'a' } }, { Category: 'a' }],
      },
      { filters: { minPrice: 0 }, yes: [{ price: 0 }], no: [{}, { price: null }, { deal: { price: 5 } }] },
      { filters: { 'deal.category': 'a' }, yes: [{ 'deal.category': 'a' }], no: [{ deal: { category: 'a' } }] },
      { filters: { sold: false }, yes: [{ sold: false }], no: [{}, { sold: null }, { sold: 0 }, { sold: '' }] },
    );
  });

  check('[FILTER-4] minX and maxX are inclusive bounds on the number x', async () => {
    await hold(
      bench,
      {
        filters: { minPrice: 10, maxPrice: 20 },
        yes: [{ price: 10 }, { price: 20 }, { price: 12.5 }],
        no: [{ price: 9.999 }, { price: 20.001 }, { price: '15' }, { price: true }, { Price: 15 }, { minPrice: 15 }],
      },
      { filters: { maxPrice: -1.5 }, yes: [{ price: -1.5 }, { price: -1e300 }], no: [{ price: 0 }, { price: '' }] },
      { filters: { minScoreAverage: 4 }, yes: [{ scoreAverage: 4 }], no: [{ scoreaverage: 4 }, { ScoreAverage: 4 }] },
      {
        filters: { minStock: 9007199254740991 },
        yes: [{ stock: 9007199254740991 }],
        no: [{ stock: 9007199254740990 }],
      },
    );
  });

  check('[FILTER-5] minDiscount and maxDiscount look at discount, else at discountPercentage', async () => {
    await hold(
      bench,
      {
        filters: { minDiscount: 20 },
        yes: [{ discount: 20 }, { discountPercentage: 35 }, { discount: 25, discountPercentage: 5 }],
        no: [{ discount: 5, discountPercentage: 35 }, { discountPercentage: 19 }, { discount: '30' }, { price: 30 }],
      },
      {
        filters: { maxDiscount: 20 },
        yes: [{ discount: 20 }, { discountPercentage: 0 }],
        no: [{ discount: 21 }, { discountPercentage: 35 }, {}],
      },
      { filters: { minDiscountPercentage: 20 }, yes: [{ discountPercentage: 20 }], no: [{ discount: 30 }] },
      { filters: { discount: 20 }, yes: [{ discount: 20 }], no: [{ discountPercentage: 20 }] },
    );
  });

  check('[FILTER-6] a scalar means equal, by type and case', async () => {
    await hold(
      bench,
      { filters: { a: 'x' }, yes: [{ a: 'x' }], no: [{ a: 'X' }, { a: ' x' }, { a: 'xx' }, { a: { x: 1 } }] },
      { filters: { a: 1 }, yes: [{ a: 1 }, { a: 1.0 }], no: [{ a: '1' }, { a: true }, { a: 1.1 }] },
      { filters: { a: true }, yes: [{ a: true }], no: [{ a: 1 }, { a: 'true' }, { a: false }] },
      { filters: { a: 0 }, yes: [{ a: 0 }], no: [{ a: false }, { a: '' }, { a: null }] },
      { filters: { a: '' }, yes: [{ a: '' }], no: [{ a: ' ' }, {}] },
    );
  });

  check('[FILTER-7] a list means any of', async () => {
    await hold(
      bench,
      {
        filters: { a: ['x', 'y', 3, true] },
        yes: [{ a: 'x' }, { a: 'y' }, { a: 3 }, { a: true }],
        no: [{ a: 'z' }, { a: '3' }, {}],
      },
      { filters: { a: ['x'] }, yes: [{ a: 'x' }], no: [{ a: 'xy' }] },
    );
  });

  check('[FILTER-8] an attribute that is a list matches when any element does', async () => {
    await hold(
      bench,
      {
        filters: { tag: 'x' },
        yes: [{ tag: ['a', 'x'] }, { tag: ['x'] }],
        no: [{ tag: [] }, { tag: ['X', 'y'] }, { tag: [['x']] }],
      },
      { filters: { tag: ['x', 'y'] }, yes: [{ tag: ['a', 'y'] }], no: [{ tag: ['a', 'b'] }] },
      { filters: { minSize: 40 }, yes: [{ size: [36, 41] }], no: [{ size: [36, 39] }, { size: ['41'] }] },
      { filters: { minSize: 40, maxSize: 42 }, yes: [{ size: [41] }], no: [{ size: [36] }, { size: [43] }] },
    );
  });

  check('[FILTER-9] keywords matches whole words of title, description or tags, without regard to case', async () => {
    await hold(
      bench,
      {
        filters: { keywords: 'camera' },
        yes: [
          { title: 'A Camera, used' },
          { title: 'CAMERA' },
          { description: 'lens/camera/bag' },
          { tags: ['bag', 'Camera'] },
          { tags: 'camera' },
          [{ title: 'x' }, { tags: ['camera'] }],
        ],
        no: [{ title: 'cameras' }, { title: 'camera2' }, { name: 'camera' }, { category: 'camera' }, {}, { title: 7 }],
      },
      {
        filters: { keywords: ['tv', 'Kaffee', 'größe', '4k'] },
        yes: [{ title: 'Smart-TV' }, { title: 'kaffee' }, { title: 'GRÖßE L' }, { title: 'a 4K screen' }],
        no: [{ title: 'tvs' }, { title: 'grö' }, { title: '4 k' }],
      },
      {
        filters: { keywords: 'wireless headphones' },
        yes: [{ title: 'wireless mouse' }, { tags: ['headphones'] }],
        no: [{ title: 'wire less' }],
      },
      { filters: { keywords: ['a'.repeat(256)] }, yes: [{ title: 'A'.repeat(256) }], no: [{ title: 'a' }] },
    );
  });

  check('[FILTER-13] words are compared without regard to case, width and composition', async () => {
    await hold(
      bench,
      {
        filters: { keywords: 'ＳＴＲＡＳＳＥ' },
        yes: [{ title: 'Straße' }, { tags: ['strasse'] }, { description: 'STRASSE 7' }, { title: 'ｓｔｒａｓｓｅ' }],
        no: [{ title: 'strase' }, { title: 'Straßen' }],
      },
      {
        filters: { keywords: 'cafe\u0301' },
        yes: [{ title: 'Café' }, { title: 'CAFE\u0301' }],
        no: [{ title: 'cafe' }, { title: 'caf' }],
      },
      {
        filters: { keywords: ['ΟΔΟΣ', 'हिन्दी'] },
        yes: [{ title: 'οδος' }, { title: 'οδοσ' }, { tags: ['हिन्दी'] }],
        no: [{ title: 'οδο' }, { title: 'हि' }],
      },
    );
  });

  check('[FILTER-14] what hyphens join is one word besides, and so is a whole keyword', async () => {
    await hold(
      bench,
      {
        filters: { keywords: 'wh1000xm5' },
        yes: [
          { title: 'Sony WH-1000XM5' },
          { title: 'WH1000XM5' },
          { tags: ['wh\u20111000xm5'] },
          { description: 'wh\u00ad1000XM5' },
          { title: 'WH–1000XM5.' },
        ],
        no: [
          { title: 'WH 1000XM5' },
          { title: 'WH' },
          { title: '1000XM5' },
          { title: 'WH-1000' },
          { title: 'WH/1000XM5' },
        ],
      },
      {
        filters: { keywords: 'WH-1000XM5' },
        yes: [{ title: 'wh1000xm5' }, { title: 'the 1000XM5' }, { title: 'WH-1000XM5' }],
        no: [{ title: 'whx' }, { title: '1000' }],
      },
      { filters: { keywords: 'sony wh 1000xm5' }, yes: [{ title: 'SonyWH1000XM5' }], no: [{ title: 'WH1000XM5' }] },
      { filters: { keywords: 'wireless' }, yes: [{ title: 'Wire-less' }], no: [{ title: 'wire less' }] },
    );
  });

  check('[FILTER-12] any other key names an attribute, and names of birth match nothing by themselves', async () => {
    await hold(
      bench,
      { filters: { min: 5 }, yes: [{ min: 5 }], no: [{ min: 6 }, {}] },
      { filters: { minimum: 5 }, yes: [{ minimum: 5 }], no: [{ imum: 9 }, { minimum: 6 }] },
      { filters: { maxi: 'x' }, yes: [{ maxi: 'x' }], no: [{ i: 'x' }] },
      { filters: { min1: 5 }, yes: [{ min1: 5 }], no: [{ 1: 9 }] },
      { filters: { keyword: 'a' }, yes: [{ keyword: 'a' }], no: [{ title: 'a' }] },
      { filters: { toString: 'x' }, yes: [{ toString: 'x' }], no: [{}] },
      { filters: { constructor: 'Ford' }, yes: [{ constructor: 'Ford' }], no: [{}] },
      { filters: { minLength: 0 }, yes: [{ length: 1 }], no: [{}] },
      { filters: { hasOwnProperty: true }, yes: [{ hasOwnProperty: true }], no: [{}] },
    );
  });

  check('[FILTER-10][ERR-3] what a filter may not be is refused by the path of its key', async () => {
    const session = await bench.openSettled();
    const long = 'x'.repeat(257);
    const wrong = [null, {}, { a: 1 }, [], [null], [[1]], [{}], long, [long], Array.from({ length: 101 }, (_, n) => n)];
    for (const value of wrong) {
      const answer = await session.ask('subscribeToDeals', { filters: { brand: value } } as never);
      expect(answer, JSON.stringify(value).slice(0, 40)).toEqual(errorWith('VALIDATION_ERROR'));
      expect(JSON.stringify(answer.data)).toContain('"path":"data.filters.brand');
    }
    const infinite = await session.askText('{"action":"subscribeToDeals","data":{"filters":{"brand":1e999}}}');
    expect(infinite).toEqual(errorWith('VALIDATION_ERROR', 'data.filters.brand'));
    for (const filters of [null, [], 'x', 7]) {
      expect(await session.ask('subscribeToDeals', { filters } as never)).toEqual(
        errorWith('VALIDATION_ERROR', 'data.filters'),
      );
    }
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
    expect(await session.ask('subscribeToDeals', { filters: keys(33) })).toEqual(
      errorWith('VALIDATION_ERROR', 'data.filters'),
    );
    expect((await session.ask('getStatus')).data['subscriptions']).toEqual([]);
    const fine = [
      keys(32),
      { brand: 'x'.repeat(256) },
      { brand: Array.from({ length: 100 }, (_, n) => n) },
      { brand: '' },
    ];
    for (const filters of fine) {
      expect((await session.ask('subscribeToDeals', { filters } as never)).type).toBe('subscriptionConfirmed');
    }
  });

  check('[FILTER-11] a bound is a number, and a keyword has a word in it', async () => {
    const session = await bench.openSettled();
    for (const value of ['20', true, [20], ['a'], null]) {
      const answer = await session.ask('subscribeToDeals', { filters: { minDiscount: value, maxPrice: value } });
      expect(answer, JSON.stringify(value)).toEqual(errorWith('VALIDATION_ERROR'));
      expect(JSON.stringify(answer.data)).toContain('"path":"data.filters.minDiscount');
    }
    const many = Array.from({ length: 21 }, (_, n) => `word${n}`);
    for (const value of ['', '  ', '-!-', [], ['ok', ''], many, 7, [7], true, 'x'.repeat(257)]) {
      const answer = await session.ask('subscribeToDeals', { filters: { keywords: value } });
      expect(answer, JSON.stringify(value)).toEqual(errorWith('VALIDATION_ERROR'));
      expect(JSON.stringify(answer.data)).toContain('"path":"data.filters.keywords');
    }
    expect((await session.ask('subscribeToDeals', { filters: { keywords: many.slice(1) } })).type).toBe(
      'subscriptionConfirmed',
    );
  });
});
