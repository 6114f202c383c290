import type { Filters, JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { matches } from '../match/matches.js';
import type { Awaitable, ConnectionRecord, Directory, Subscription } from '../ports/index.js';

export interface DirectorySubject {
  readonly directory: Directory;
  close?(): Awaitable<void>;
}

const record = (connectionId: string, userId = 'u1'): ConnectionRecord => ({
  connectionId,
  userId,
  connectedAt: 1_000,
  tokenExp: 2_000,
  firstSignIn: 1,
  scopes: ['publish'],
  ip: '127.0.0.1',
});

const wish = (subscriptionId: string, topic = 'deals', filters: Filters = {}): Subscription => ({
  subscriptionId,
  topic,
  filters,
});

const names = ['category', 'brand', 'discount', 'tags'] as const;
const value = fc.oneof(fc.constantFrom('a', 'b', 'A', '1'), fc.integer({ min: 0, max: 3 }), fc.boolean());
const filters: fc.Arbitrary<Filters> = fc.oneof(
  fc.constant({}),
  fc.dictionary(
    fc.constantFrom(...names, 'minDiscount', 'maxPrice', 'keywords'),
    fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 })),
    { maxKeys: 3, noNullPrototype: true },
  ),
);
const attributes: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.constantFrom(...names, 'discountPercentage', 'price', 'title'),
  fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.constant(null)),
  { noNullPrototype: true },
);

/** The laws of the Directory port. `create` makes an empty directory. */
export const directoryContract = (name: string, create: () => Awaitable<DirectorySubject>): void => {
  describe(`Directory, ${name}`, () => {
    let subject: DirectorySubject;
    let directory: Directory;
    beforeEach(async () => {
      subject = await create();
      directory = subject.directory;
    });
    afterEach(() => subject.close?.());

    /** Who gets an event, as a publisher would find it. */
    const receivers = async (topic: string, given: JsonObject = {}): Promise<string[]> => {
      const ids = new Set<string>();
      for (const candidate of await directory.candidates(topic, given)) {
        if (candidate.matcher(given)) for (const id of candidate.connectionIds) ids.add(id);
      }
      return [...ids].sort();
    };
    const idsOf = async (userId: string): Promise<string[]> =>
      (await directory.ofUser(userId)).map(({ connectionId }) => connectionId).sort();

    test('knows who is connected', async () => {
      expect(await directory.count()).toBe(0);
      expect(await directory.ofUser('u1')).toEqual([]);
      await directory.open(record('c1'), 'm');
      await directory.open(record('c2'), 'm');
      await directory.open(record('c3', 'u2'), 'm');
      expect(await directory.get('c1')).toEqual(record('c1'));
      expect(await idsOf('u1')).toEqual(['c1', 'c2']);
      expect(await idsOf('u2')).toEqual(['c3']);
      expect(await directory.count()).toBe(3);
    });

    test('closes once', async () => {
      await directory.open(record('c1'), 'm');
      await directory.open(record('c2'), 'm');
      expect(await directory.close('c1')).toBe(true);
      expect(await directory.close('c1')).toBe(false);
      expect(await directory.close('never')).toBe(false);
      expect(await directory.get('c1')).toBeUndefined();
      expect(await idsOf('u1')).toEqual(['c2']);
      expect(await directory.count()).toBe(1);
    });

    test('patches a record, and none that is gone', async () => {
      await directory.open(record('c1'), 'm');
      await directory.patch('c1', { tokenExp: 3_000, rooms: ['r*'] });
      await directory.patch('c1', { scopes: [] });
      const patched = { ...record('c1'), tokenExp: 3_000, rooms: ['r*'], scopes: [] };
      expect(await directory.get('c1')).toEqual(patched);
      expect(await directory.ofUser('u1')).toEqual([patched]);
      await directory.close('c1');
      await directory.patch('c1', { tokenExp: 4_000 });
      expect(await directory.get('c1')).toBeUndefined();
      expect(await directory.count()).toBe(0);
    });

    test('carries the hand-over mark by its conditions', async () => {
      await directory.open(record('c1'), 'm1');
      expect(await directory.markOf('c1')).toBe('m1');
      expect(await directory.unmark('c1', 'other')).toBe(false);
      expect(await directory.remark('c1', 'm2')).toBe(true);
      expect(await directory.unmark('c1', 'm1')).toBe(false);
      expect(await directory.markOf('c1')).toBe('m2');
      expect(await directory.unmark('c1', 'm2')).toBe(true);
      expect(await directory.markOf('c1')).toBeUndefined();
      expect(await directory.remark('c1', 'm3')).toBe(false);
      expect(await directory.unmark('c1', 'm3')).toBe(false);
      await directory.mark('c1', 'm4');
      expect(await directory.markOf('c1')).toBe('m4');
      await directory.mark('c1', 'm5');
      expect(await directory.unmark('c1', 'm5')).toBe(true);
      expect(await directory.get('c1')).toEqual(record('c1'));
    });

    test('has no mark of who is gone', async () => {
      await directory.open(record('c1'), 'm');
      await directory.close('c1');
      await directory.mark('c1', 'm');
      expect(await directory.markOf('c1')).toBeUndefined();
      expect(await directory.remark('c1', 'm')).toBe(false);
      expect(await directory.unmark('c1', 'm')).toBe(false);
    });

    test('takes equal filters on one topic for one subscription', async () => {
      await directory.open(record('c1'), 'm');
      const first = wish('s1', 'deals', { brand: ['a', 'b'], minDiscount: 1 });
      expect(await directory.subscribe('c1', first, 9)).toEqual({ outcome: 'created', subscription: first });
      const equal = wish('s2', 'deals', { minDiscount: 1, brand: ['b', 'a'] });
      expect(await directory.subscribe('c1', equal, 1)).toEqual({ outcome: 'present', subscription: first });
      for (const other of [wish('s3', 'other', first.filters), wish('s4', 'deals', { brand: ['a'] })]) {
        expect(await directory.subscribe('c1', other, 9)).toEqual({ outcome: 'created', subscription: other });
      }
      expect(await directory.subscriptions('c1')).toHaveLength(3);
      await directory.open(record('c2'), 'm');
      const own = wish('s5', 'deals', first.filters);
      expect(await directory.subscribe('c2', own, 9)).toEqual({ outcome: 'created', subscription: own });
      expect(await receivers('deals', { brand: 'b', discount: 1 })).toEqual(['c1', 'c2']);
    });

    test('is full past the limit, and has room again after one was ended', async () => {
      await directory.open(record('c1'), 'm');
      await directory.subscribe('c1', wish('s1', 't1'), 2);
      await directory.subscribe('c1', wish('s2', 't2'), 2);
      expect(await directory.subscribe('c1', wish('s3', 't3'), 2)).toEqual({ outcome: 'full' });
      expect(await receivers('t3')).toEqual([]);
      expect(await directory.unsubscribe('c1', 's1')).toEqual(wish('s1', 't1'));
      expect(await directory.unsubscribe('c1', 's1')).toBeUndefined();
      expect(await directory.subscribe('c1', wish('s3', 't3'), 2)).toMatchObject({ outcome: 'created' });
      expect(await directory.subscriptions('c1')).toEqual([wish('s2', 't2'), wish('s3', 't3')]);
    });

    test('subscribes nobody who is gone, and forgets what they had', async () => {
      expect(await directory.subscribe('never', wish('s1'), 9)).toEqual({ outcome: 'gone' });
      await directory.open(record('c1'), 'm');
      await directory.subscribe('c1', wish('s1'), 9);
      await directory.close('c1');
      expect(await directory.subscribe('c1', wish('s2'), 9)).toEqual({ outcome: 'gone' });
      expect(await directory.subscriptions('c1')).toEqual([]);
      expect(await directory.unsubscribe('c1', 's1')).toBeUndefined();
      expect(await receivers('deals')).toEqual([]);
    });

    test('ends a subscription of its own connection only', async () => {
      await directory.open(record('c1'), 'm');
      await directory.open(record('c2'), 'm');
      await directory.subscribe('c1', wish('s1'), 9);
      await directory.subscribe('c2', wish('s2'), 9);
      expect(await directory.unsubscribe('c2', 's1')).toBeUndefined();
      expect(await receivers('deals')).toEqual(['c1', 'c2']);
      await directory.unsubscribe('c1', 's1');
      expect(await receivers('deals')).toEqual(['c2']);
    });

    test('changes the filters of a subscription in its place', async () => {
      await directory.open(record('c1'), 'm');
      await directory.subscribe('c1', wish('s1', 'deals', { brand: 'a' }), 9);
      await directory.subscribe('c1', wish('s2', 'deals', { brand: 'b' }), 9);
      const changed = wish('s1', 'deals', { brand: ['c', 'd'] });
      expect(await directory.change('c1', 's1', changed.filters)).toEqual({
        outcome: 'changed',
        subscription: changed,
      });
      expect(await receivers('deals', { brand: 'a' })).toEqual([]);
      expect(await receivers('deals', { brand: 'd' })).toEqual(['c1']);
      expect(await directory.subscriptions('c1')).toEqual([changed, wish('s2', 'deals', { brand: 'b' })]);
      // Once more, in another order.
      expect(await directory.change('c1', 's1', { brand: ['d', 'c'] })).toMatchObject({ outcome: 'changed' });
      expect(await receivers('deals', { brand: 'c' })).toEqual(['c1']);
      expect(await directory.unsubscribe('c1', 's1')).toEqual(changed);
      expect(await receivers('deals', { brand: 'd' })).toEqual([]);
    });

    test('keeps the other one where a change makes two subscriptions equal', async () => {
      await directory.open(record('c1'), 'm');
      const other = wish('s2', 'deals', { brand: 'b' });
      await directory.subscribe('c1', wish('s1', 'deals', { brand: 'a' }), 9);
      await directory.subscribe('c1', other, 9);
      await directory.subscribe('c1', wish('s3', 'other', { brand: 'c' }), 9);
      expect(await directory.change('c1', 's1', { brand: 'b' })).toEqual({ outcome: 'merged', subscription: other });
      expect(await directory.subscriptions('c1')).toEqual([other, wish('s3', 'other', { brand: 'c' })]);
      expect(await receivers('deals', { brand: 'a' })).toEqual([]);
      expect(await receivers('deals', { brand: 'b' })).toEqual(['c1']);
      // On another topic it is another one.
      expect(await directory.change('c1', 's3', { brand: 'b' })).toMatchObject({ outcome: 'changed' });
    });

    test('changes nothing that its connection does not have', async () => {
      await directory.open(record('c1'), 'm');
      await directory.open(record('c2'), 'm');
      await directory.subscribe('c1', wish('s1', 'deals', { brand: 'a' }), 9);
      for (const [who, id] of [
        ['c2', 's1'],
        ['c1', 's9'],
        ['never', 's1'],
      ] as const) {
        expect(await directory.change(who, id, {})).toEqual({ outcome: 'unknown' });
      }
      await directory.close('c1');
      expect(await directory.change('c1', 's1', {})).toEqual({ outcome: 'unknown' });
      expect(await receivers('deals', { brand: 'a' })).toEqual([]);
    });

    test('gives candidates of exactly this topic', async () => {
      await directory.open(record('c1'), 'm');
      await directory.subscribe('c1', wish('s1', 'deals'), 9);
      expect(await receivers('deals')).toEqual(['c1']);
      for (const topic of ['Deals', 'deal', 'deals:a', 'all-deals']) expect(await receivers(topic)).toEqual([]);
    });

    test('lets candidates be read while connections come and go', async () => {
      for (let n = 0; n < 20; n++) {
        await directory.open(record(`c${n}`), 'm');
        await directory.subscribe(`c${n}`, wish(`s${n}`, 'deals', { n: n % 5 }), 9);
      }
      const seen: string[] = [];
      for (const { connectionIds } of await directory.candidates('deals', {})) {
        for (const id of connectionIds) {
          seen.push(id);
          await directory.close(id);
        }
      }
      expect(await directory.count()).toBe(20 - seen.length);
      expect(await receivers('deals', { n: 1 })).toHaveLength(seen.length === 20 ? 0 : 4);
    });

    test('never gives too few candidates, and none for who has left', async () => {
      const who = fc.constantFrom('c1', 'c2', 'c3', 'c4');
      const topic = fc.constantFrom('deals', 'prices');
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ subscribe: who, topic, filters }) },
        { weight: 2, arbitrary: fc.record({ unsubscribe: who, nth: fc.nat(5) }) },
        { weight: 3, arbitrary: fc.record({ change: who, nth: fc.nat(5), filters }) },
        { weight: 1, arbitrary: fc.record({ close: who }) },
        { weight: 1, arbitrary: fc.record({ open: who }) },
        { weight: 3, arbitrary: fc.record({ publish: topic, attributes }) },
      );
      let run = 0;
      let ids = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          run += 1;
          const model = new Map<string, Subscription[]>();
          const here = (given: string): string => `${run}.${given}`;
          const open = async (id: string): Promise<void> => {
            if (model.has(id)) return;
            model.set(id, []);
            await directory.open(record(id, here('u')), 'm');
          };
          for (const id of ['c1', 'c2', 'c3']) await open(here(id));
          for (const step of steps) {
            if ('open' in step) await open(here(step.open));
            else if ('close' in step) {
              expect(await directory.close(here(step.close))).toBe(model.delete(here(step.close)));
            } else if ('subscribe' in step) {
              ids += 1;
              const id = here(step.subscribe);
              const subscribed = await directory.subscribe(id, wish(`s${ids}`, here(step.topic), step.filters), 100);
              expect(subscribed.outcome === 'gone').toBe(!model.has(id));
              if (subscribed.outcome === 'created') model.get(id)?.push(subscribed.subscription);
              else if (subscribed.outcome === 'present') expect(model.get(id)).toContainEqual(subscribed.subscription);
            } else if ('change' in step) {
              const mine = model.get(here(step.change)) ?? [];
              const id = mine[step.nth]?.subscriptionId ?? 'none';
              const changed = await directory.change(here(step.change), id, step.filters);
              expect(changed.outcome === 'unknown').toBe(mine[step.nth] === undefined);
              if (changed.outcome === 'changed') mine[step.nth] = changed.subscription;
              else if (changed.outcome === 'merged') {
                mine.splice(step.nth, 1);
                expect(mine).toContainEqual(changed.subscription);
              }
            } else if ('unsubscribe' in step) {
              const mine = model.get(here(step.unsubscribe)) ?? [];
              const [ended] = mine.splice(step.nth, 1);
              const id = ended?.subscriptionId ?? 'none';
              expect(await directory.unsubscribe(here(step.unsubscribe), id)).toEqual(ended);
            } else {
              const topic = here(step.publish);
              const expected = [...model].filter(([, list]) =>
                list.some((each) => each.topic === topic && matches(each.filters, step.attributes)),
              );
              expect(await receivers(topic, step.attributes)).toEqual(expected.map(([id]) => id).sort());
            }
          }
          for (const [id, list] of model) expect(await directory.subscriptions(id)).toEqual(list);
          for (const id of model.keys()) await directory.close(id);
          expect(await directory.ofUser(here('u'))).toEqual([]);
          for (const topic of ['deals', 'prices']) {
            expect(
              [...(await directory.candidates(here(topic), {}))].flatMap((each) => [...each.connectionIds]),
            ).toEqual([]);
          }
        }),
      );
    });
  });
};
