import type { Json, JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import { receivers } from '../expectations.js';
import { matchesPlainly } from '../plain-matcher.js';
import { position, replay } from '../replaying.js';
import { random } from '../resuming-reader.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';

type Next = (below: number) => number;

const pick = <T>(next: Next, from: readonly T[]): T => from[next(from.length)] as T;

const brands = ['Acme', 'acme', 'Öko', 'B&Co', ''];
const titles = ['Smart TV', 'TV-stand', 'smart Speaker', 'Öko tv', '4K', 'smart-tv', 'Ｓｍａｒｔ', 'nothing'];

/** An event's data with some of the attributes that filters ask for, of right and wrong kinds. */
const someData = (next: Next): JsonObject => {
  const data: JsonObject = {};
  const put = (name: string, values: readonly Json[]) => {
    if (next(3) > 0) data[name] = pick(next, values);
  };
  put('category', ['tv', 'audio', 'TV', null, 7, ['tv', 'new'], []]);
  put('brand', [...brands, [...brands], { name: 'Acme' }]);
  put('price', [0, 5, 9.99, 10, 100, '10', null, [3, 30]]);
  put('discount', [0, 10, 20, 35, null, '20']);
  put('discountPercentage', [5, 20, 50, null]);
  put('stock', [true, false, 'true', null]);
  put('title', [...titles, null, 7]);
  put('tags', [['tv', 'Smart'], 'speaker', [], [7]]);
  return data;
};

const someFilters = (next: Next): JsonObject => {
  const all: [string, readonly Json[]][] = [
    ['category', ['tv', ['tv', 'audio'], 7]],
    ['brand', ['Acme', ['acme', 'Öko'], '']],
    ['minPrice', [0, 5, 10]],
    ['maxPrice', [9.99, 30]],
    ['minDiscount', [10, 20]],
    ['maxDiscount', [20, 35]],
    ['stock', [true, [true, 'true'], false]],
    ['keywords', ['tv', ['SMART', '4k'], 'öko speaker', 'SmartTV']],
    ['discount', [20, [0, 10]]],
  ];
  const filters: JsonObject = {};
  for (let n = next(4); n > 0; n -= 1) {
    const [key, values] = pick(next, all);
    filters[key] = pick(next, values);
  }
  return filters;
};

onTargets('Matching at large', {}, (bench, check) => {
  const seeds = [1, 2];
  for (const seed of seeds) {
    check(`[FILTER-1][LOG-4] live and in a replay, exactly what the rules say comes (seed ${seed})`, async () => {
      const next = random(seed);
      const topic = bench.topic();
      const readers: { session: Session; filters: JsonObject }[] = [];
      for (let n = 0; n < 25; n += 1) {
        const session = await bench.open();
        const filters = someFilters(next);
        await session.ask('subscribeToDeals', { topic, filters });
        readers.push({ session, filters });
      }
      const start = await position(bench);
      const events = Array.from({ length: 300 }, () => {
        const overlay =
          next(3) === 0 ? { discount: pick(next, [null, 20, 5]), category: pick(next, ['tv', null]) } : undefined;
        return { topic, data: someData(next), ...(overlay === undefined ? {} : { filters: overlay }) };
      });
      const published = await bench.publishMany(events);
      for (const { session, filters } of readers) {
        const wanted = events.flatMap((event, n) => (matchesPlainly(filters, event.data, event.filters) ? [n] : []));
        const numbers = (ids: readonly (string | undefined)[]) =>
          ids.map((id) => published.findIndex((one) => one.id === id));
        const live = (await session.untilPong()).map((frame) => frame.id);
        expect(numbers(live), `seed ${seed}, live: ${JSON.stringify(filters)}`).toEqual(wanted);
        const again = await replay(session, { topic, filters, lastEventId: start });
        expect(numbers(again.ids), `seed ${seed}, replay: ${JSON.stringify(filters)}`).toEqual(wanted);
      }
      for (const [n, { data, filters: overlay }] of events.entries()) {
        const count = readers.filter(({ filters }) => matchesPlainly(filters, data, overlay)).length;
        expect(published[n]).toMatchObject(receivers(bench, count));
      }
    });
  }
});
