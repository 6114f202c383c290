import { createHash } from 'node:crypto';
import type { Attributes, Filters, JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributesOf, matches } from '../match/matches.js';
import { memoryDeployment, memoryDirectory } from '../memory/index.js';
import type { Directory, Ids } from '../ports/index.js';
import { defaultSettings } from '../settings.js';

interface Answer {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly id?: string;
  readonly requestId?: string;
}

const offsetOf = (id: unknown): number => Number(String(id).split('-')[1]);

/** A directory that takes its time over what changes subscriptions, as one outside of the process does. */
const slow = (): Directory => {
  const directory = memoryDirectory();
  const later =
    <A extends unknown[], T>(method: (...args: A) => T) =>
    async (...args: A): Promise<T> => {
      for (let n = 0; n < 7; n += 1) await undefined;
      const result = method(...args);
      for (let n = 0; n < 7; n += 1) await undefined;
      return result;
    };
  return { ...directory, subscribe: later(directory.subscribe), change: later(directory.change) };
};

const deployment = (directory?: Directory) => {
  let made = 0;
  const ids: Ids = {
    next: (kind) => {
      made += 1;
      return `${kind}-${made}`;
    },
  };
  const { connect, frame, call, gateway } = memoryDeployment({
    clock: { now: () => 1_764_039_600_000 },
    ids,
    verifier: { verify: async (sub) => ({ ok: true, claims: { sub, exp: 1_800_000_000, scopes: [] } }) },
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    apiKeys: [{ name: 'k', key: 'k', scopes: ['publish', 'admin'] }],
    settings: { ...defaultSettings, buckets: { ...defaultSettings.buckets, subscribe: null, other: null } },
    ...(directory === undefined ? {} : { ports: { directory } }),
  });
  const frames = (): Answer[] => gateway.sentTo('c').map((text) => JSON.parse(text) as Answer);
  let asked = 0;
  const ask = async (action: string, data: object): Promise<Answer> => {
    asked += 1;
    const requestId = `r${asked}`;
    await frame('c', JSON.stringify({ action, data, requestId }));
    return frames().find((each) => each.requestId === requestId) as Answer;
  };
  const post = async (name: 'broadcast' | 'explainMatch', body: object, bearer = 'k') => {
    const credentials = { bearer, apiKey: undefined, ip: '127.0.0.1' };
    const raw = { params: {}, query: {}, body: JSON.stringify(body), idempotencyKey: undefined };
    const { status, body: text } = await call(credentials, { call: name, ...raw });
    return { status, json: JSON.parse(text ?? 'null') };
  };
  return { connect, ask, post, events: () => frames().filter(({ id }) => id !== undefined) };
};

const word = fc.constantFrom(
  'a',
  'b',
  'B',
  'WH-1000XM5',
  'wh1000xm5',
  'ＷＨ１０００ＸＭ５',
  'Straße',
  'STRASSE',
  'b, the a',
);
const number = fc.integer({ min: 0, max: 3 });
const anyOf = fc.oneof(word, number, fc.boolean());
const everyFilter = {
  brand: fc.oneof(anyOf, fc.array(anyOf, { minLength: 1, maxLength: 3 })),
  isHot: fc.boolean(),
  minDiscount: number,
  maxDiscount: number,
  minPrice: number,
  maxPrice: number,
  keywords: fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
};
/** Few at a time: of many together nothing matches. */
const filters: fc.Arbitrary<Filters> = fc
  .subarray(Object.keys(everyFilter) as (keyof typeof everyFilter)[], { maxLength: 2 })
  .chain((names) =>
    fc.record(Object.fromEntries(names.map((name) => [name, everyFilter[name] as fc.Arbitrary<never>]))),
  );
const attributes = fc.record(
  {
    brand: fc.oneof(anyOf, fc.array(anyOf, { maxLength: 3 }), fc.constant(null)),
    isHot: fc.oneof(fc.boolean(), fc.constant('true')),
    discount: fc.oneof(number, fc.constant(null)),
    discountPercentage: number,
    price: fc.oneof(number, fc.constant('1'), fc.array(number, { maxLength: 2 })),
    title: word,
    description: word,
    tags: fc.array(word, { maxLength: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<JsonObject & Attributes>;
const topic = fc.constantFrom('t', 'T', 'all-deals', 'price-updates');
const wish = fc.record({ topic, filters }, { noNullPrototype: true });
const event = fc.record(
  { topic, data: attributes, filters: attributes },
  { requiredKeys: ['topic', 'data'], noNullPrototype: true },
);

describe('what a connection asked for', () => {
  it('is explained and previewed as it is delivered', async () => {
    let matches = 0;
    const run = async (
      wishes: { topic: string; filters: Filters }[],
      events: { topic: string; data: JsonObject; filters?: Attributes }[],
    ) => {
      const { connect, ask, post, events: received } = deployment();
      await connect('c', 'alice');
      /** By id: equal ones are one. */
      const subscribed = new Map<string, { topic: string; filters: Filters; matched: number }>();
      for (const each of wishes) {
        const { type, data } = await ask('subscribeToDeals', each);
        expect(type).toBe('subscriptionConfirmed');
        subscribed.set(String(data['subscriptionId']), { ...each, matched: 0 });
      }
      const published = await post('broadcast', events);
      expect(published.status).toBe(200);
      const delivered = new Set(received().map(({ id }) => id));
      for (const [n, each] of events.entries()) {
        const { data } = await ask('explainMatch', each);
        const items = data['items'] as {
          subscriptionId: string;
          matches: boolean;
          isOnTopic: boolean;
          failed: unknown[];
        }[];
        expect(items.map(({ subscriptionId }) => subscriptionId)).toEqual([...subscribed.keys()]);
        expect(items.some((item) => item.matches)).toBe(delivered.has(published.json[n].id));
        for (const item of items) {
          expect(item.matches).toBe(item.isOnTopic && item.failed.length === 0);
          const own = subscribed.get(item.subscriptionId);
          if (item.matches && own !== undefined) own.matched += 1;
        }
        const http = await post('explainMatch', each, 'alice');
        expect(http.json.items).toEqual(items.map((item) => ({ connectionId: 'c', ...item })));
      }
      for (const each of subscribed.values()) {
        const { topic: on, filters: wanted, matched } = each;
        const { data } = await ask('subscribeToDeals', { topic: on, filters: wanted, preview: true });
        expect(data).toMatchObject({ matched, complete: true });
        matches += matched;
      }
      expect((await ask('getStatus', {})).data['subscriptions']).toHaveLength(subscribed.size);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(wish, { minLength: 1, maxLength: 5 }),
        fc.array(event, { minLength: 1, maxLength: 8 }),
        run,
      ),
      { numRuns: 200 },
    );
    // Else it would have shown nothing.
    expect(matches).toBeGreaterThan(50);
  });

  it.each([
    ['at once', () => undefined],
    ['in its time', slow],
  ])('changes without a gap where the directory answers %s', async (_, directory) => {
    const step = fc.oneof(
      fc.record({ data: attributes }),
      fc.record({ wanted: filters }),
      fc.constant({ replay: true }),
    );
    const run = async (steps: ({ data: JsonObject } | { wanted: Filters } | { replay: true })[]) => {
      const { connect, ask, post, events: received } = deployment(directory());
      await connect('c', 'alice');
      const first = await ask('subscribeToDeals', { topic: 't' });
      const { subscriptionId } = first.data;
      const published: { id: string; data: JsonObject }[] = [];
      const answers = await Promise.all(
        steps.map(async (each) => {
          if ('wanted' in each) return ask('updateSubscription', { subscriptionId, filters: each.wanted });
          if ('replay' in each) {
            // Holds the connection for a while.
            await ask('subscribeToDeals', { topic: 'other', lastEventId: first.data['lastEventId'] });
            return undefined;
          }
          const { json } = await post('broadcast', { topic: 't', data: each.data });
          published.push({ id: json.id, data: each.data });
          return undefined;
        }),
      );
      const changes = [first, ...answers.flatMap((each) => (each === undefined ? [] : [each]))];
      for (const each of changes.slice(1)) {
        expect(each).toMatchObject({ type: 'subscriptionUpdated', data: { subscriptionId, topic: 't' } });
      }
      const decidedBy = (offset: number): Filters =>
        changes.findLast(({ data }) => offsetOf(data['lastEventId']) < offset)?.data['filters'] as Filters;
      const expected = published
        .filter(({ id, data }) => matches(decidedBy(offsetOf(id)), attributesOf({ data })))
        .map(({ id }) => id)
        .sort((a, b) => offsetOf(a) - offsetOf(b));
      expect(received().map(({ id }) => id)).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20, size: 'max' }), run), { numRuns: 150 });
  });

  it('stays one where a change makes two equal, and is another connection’s own', async () => {
    const { connect, ask } = deployment();
    await connect('c', 'alice');
    const [one, two] = [
      await ask('subscribeToDeals', { topic: 't' }),
      await ask('subscribeToDeals', { topic: 't', filters: { a: 1 } }),
    ];
    const subscriptionId = one.data['subscriptionId'];
    expect((await ask('updateSubscription', { subscriptionId, filters: { a: 1 } })).data).toMatchObject({
      subscriptionId: two.data['subscriptionId'],
      ended: subscriptionId,
    });
    const none = await ask('updateSubscription', { subscriptionId, filters: {} });
    expect(none).toMatchObject({ type: 'error', data: { code: 'SUBSCRIPTION_ERROR', details: { subscriptionId } } });
    const hidden = await ask('explainMatch', { subscriptionId, data: {} });
    expect(hidden).toMatchObject({ type: 'error', data: { code: 'SUBSCRIPTION_ERROR' } });
  });

  it.each<[Filters, JsonObject, string]>([
    [{ minDiscount: 20 }, { discount: 10 }, 'discount is 10, below 20'],
    [{ minDiscount: 20 }, { discountPercentage: 10 }, 'discountPercentage is 10, below 20'],
    [{ minDiscount: 20 }, {}, 'the event has no discount and no discountPercentage'],
    [{ maxPrice: 5 }, { price: 7 }, 'price is 7, above 5'],
    [{ maxPrice: 5 }, { price: '7' }, 'price is "7", which is no number'],
    [{ maxPrice: 5 }, { price: [7, 8] }, 'price is [7, 8], where no number is at most 5'],
    [{ brand: 'a' }, { brand: 'b' }, 'brand is "b", not "a"'],
    [{ brand: ['a', 1] }, { brand: null }, 'the event has no brand'],
    [{ brand: ['a', 1] }, { brand: 'b'.repeat(100) }, `brand is "${'b'.repeat(64)}…", not any of "a", 1`],
    [{ keywords: 'Tv' }, { title: 'radio' }, 'title, description and tags hold none of "tv"'],
  ])('is told why %j does not hold for %j', async (wanted, data, reason) => {
    const { connect, ask } = deployment();
    await connect('c', 'alice');
    const { subscriptionId } = (await ask('subscribeToDeals', { topic: 't', filters: wanted })).data;
    const { data: explained } = await ask('explainMatch', { subscriptionId, data, topic: 't' });
    const [filter] = Object.keys(wanted);
    const item = { subscriptionId, topic: 't', isOnTopic: true, matches: false, failed: [{ filter, reason }] };
    expect(explained).toEqual({ items: [item] });
  });

  it('is explained over HTTP to its user alone', async () => {
    const { connect, ask, post } = deployment();
    await connect('c', 'alice');
    const { subscriptionId } = (await ask('subscribeToDeals', { topic: 't' })).data;
    expect(await post('explainMatch', { data: {} }, 'bob')).toMatchObject({ status: 200, json: { items: [] } });
    expect((await post('explainMatch', { data: {}, subscriptionId }, 'bob')).json.data.code).toBe('SUBSCRIPTION_ERROR');
    expect((await post('explainMatch', { data: {} }, 'k')).status).toBe(403);
  });
});
