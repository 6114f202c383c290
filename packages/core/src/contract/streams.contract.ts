import { eventId, type JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Awaitable, type Clock, IdempotencyConflict, type NewEvent, type Streams } from '../ports/index.js';
import { anyObject } from './arbitraries.js';
import { later, type ManualClock, manualClock } from './manual-clock.js';
import { StreamsModel } from './streams-model.js';

export interface StreamsSubject {
  readonly streams: Streams;
  /** Ends this owner of the log and begins another one, with a segment of its own. */
  reopen(): Awaitable<StreamsSubject>;
  close?(): Awaitable<void>;
}

const HOUR = 3_600_000;

/** The laws of the Streams port. `create` makes an empty log whose keys expire by this clock. */
export const streamsContract = (name: string, create: (clock: Clock) => Awaitable<StreamsSubject>): void => {
  describe(`Streams, ${name}`, () => {
    let clock: ManualClock;
    let subject: StreamsSubject;
    let streams: Streams;
    const use = (next: StreamsSubject): void => {
      subject = next;
      streams = next.streams;
    };
    beforeEach(async () => {
      clock = manualClock();
      use(await create(clock));
    });
    afterEach(() => subject.close?.());

    const event = (n: number, topic = 'deals', extra: Partial<NewEvent> = {}): NewEvent => ({
      type: 'dealUpdate',
      topic,
      data: { n },
      at: clock.now(),
      ...extra,
    });
    const some = (count: number, topic = 'deals'): NewEvent[] =>
      Array.from({ length: count }, (_, i) => event(i, topic));
    const all = async (): Promise<readonly { offset: number; data: JsonObject }[]> =>
      (await streams.read({ after: 0, limit: 10_000 })).events;
    const keep = (count: number) => ({ before: 0, keep: count, limit: 10_000 });

    test('numbers events from 1, densely over all topics, and names them by epoch and offset', async () => {
      expect(await streams.top()).toBe(0);
      const first = await streams.append([event(0, 'a'), event(1, 'b')]);
      const second = await streams.append([event(2, 'a')]);
      await Promise.all([first.flushed, second.flushed]);
      expect([...first.offsets, ...second.offsets]).toEqual([1, 2, 3]);
      expect([first.replayed, second.replayed]).toEqual([false, false]);
      expect(await streams.top()).toBe(3);
      const ids = [...first.ids, ...second.ids];
      expect(ids).toEqual([1, 2, 3].map((offset) => streams.idOf(offset)));
      for (const [i, id] of ids.entries()) {
        expect(eventId.parse(id)).toMatch(new RegExp(`-${i + 1}$`));
        expect(id.split('-')[0]).toBe(ids[0]?.split('-')[0]);
      }
    });

    test('appends lists whole, and resolves them in the order of their offsets', async () => {
      const resolved: number[] = [];
      const appends = Array.from({ length: 40 }, async (_, i) => {
        const appended = await streams.append(some((i % 5) + 1, `t${i}`));
        resolved.push(appended.offsets[0] as number);
        return appended;
      });
      const answers = await Promise.all(appends);
      expect(resolved).toEqual(resolved.toSorted((a, b) => a - b));
      expect(answers.flatMap(({ offsets }) => offsets)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
      for (const [i, { offsets }] of answers.entries()) {
        const { events } = await streams.read({ after: 0, topic: `t${i}`, limit: 100 });
        expect(events.map(({ offset }) => offset)).toEqual(offsets);
      }
      await Promise.all(answers.map(({ flushed }) => flushed));
    });

    test('takes an empty list', async () => {
      expect(await streams.append([])).toMatchObject({ ids: [], offsets: [], replayed: false });
      expect(await streams.append([], { key: 'k', digest: 'd' })).toMatchObject({ ids: [], replayed: false });
      expect(await streams.append([], { key: 'k', digest: 'd' })).toMatchObject({ ids: [], replayed: true });
      expect(await streams.top()).toBe(0);
    });

    test('gives events back exactly, as they were when they were appended', async () => {
      await fc.assert(
        fc.asyncProperty(anyObject, fc.option(anyObject, { nil: undefined }), async (data, filters) => {
          const given = event(0, 'exact', { data, ...(filters === undefined ? {} : { filters: filters as never }) });
          const { offsets, ids } = await streams.append([given]);
          const { events } = await streams.read({ after: (offsets[0] as number) - 1, limit: 1 });
          const expected = { ...given, offset: offsets[0], id: ids[0] };
          expect(JSON.parse(JSON.stringify(events[0]))).toEqual(JSON.parse(JSON.stringify(expected)));
          expect(JSON.stringify(events[0]?.data)).toBe(JSON.stringify(data));
        }),
      );
      const data: JsonObject = { list: [1] };
      const appending = streams.append([event(0, 'deals', { data })]);
      data['list'] = [];
      const { offsets } = await appending;
      const read = () => streams.read({ after: (offsets[0] as number) - 1, limit: 1 });
      const [stored] = (await read()).events;
      expect(stored?.data).toEqual({ list: [1] });
      (stored as NewEvent).data['list'] = [];
      expect((await read()).events[0]?.data).toEqual({ list: [1] });
    });

    test('appends once under a key, and tells another body apart', async () => {
      const first = await streams.append(some(2), { key: 'k', digest: 'd' });
      await streams.append(some(1));
      const again = await streams.append(some(2), { key: 'k', digest: 'd' });
      expect(again).toMatchObject({ ids: first.ids, offsets: first.offsets, replayed: true });
      await again.flushed;
      await expect(later(() => streams.append(some(2), { key: 'k', digest: 'other' }))).rejects.toThrow(
        IdempotencyConflict,
      );
      expect(await streams.append(some(1), { key: 'K', digest: 'other' })).toMatchObject({ replayed: false });
      expect(await streams.top()).toBe(4);
    });

    test('appends once under a key that is used many times at once', async () => {
      const tries = Array.from({ length: 20 }, (_, i) =>
        later(() => streams.append(some(2), { key: 'k', digest: i % 4 === 3 ? 'other' : 'd' })).catch(
          (error: unknown) => error,
        ),
      );
      const answers = await Promise.all(tries);
      expect(await streams.top()).toBe(2);
      expect(answers[0]).toMatchObject({ offsets: [1, 2], replayed: false });
      for (const [i, answer] of answers.entries()) {
        if (i % 4 === 3) expect(answer).toBeInstanceOf(IdempotencyConflict);
        else expect(answer).toMatchObject({ offsets: [1, 2], replayed: i > 0 });
      }
    });

    test('remembers a key for 24 hours, whatever is trimmed, and no longer', async () => {
      const first = await streams.append(some(3), { key: 'k', digest: 'd' });
      await streams.trim(keep(0));
      clock.advance(24 * HOUR - 1);
      const again = await streams.append(some(3), { key: 'k', digest: 'd' });
      expect(again).toMatchObject({ ids: first.ids, replayed: true });
      clock.advance(1);
      const anew = await streams.append(some(1), { key: 'k', digest: 'other' });
      expect(anew).toMatchObject({ offsets: [4], replayed: false });
      clock.advance(24 * HOUR - 1);
      expect(await streams.append(some(1), { key: 'k', digest: 'other' })).toMatchObject({ replayed: true });
      clock.advance(-72 * HOUR);
      expect(await streams.append(some(1), { key: 'k', digest: 'other' })).toMatchObject({ replayed: true });
    });

    test('takes any key, and any topic, for what it is', async () => {
      const names = ['a', 'a\u0000', 'a\u0001', '😀', 'é'.repeat(128), 'x'.repeat(600), `${'x'.repeat(599)}y`];
      for (const key of names) {
        expect(await streams.append([event(0, key)], { key, digest: 'd' })).toMatchObject({ replayed: false });
      }
      for (const [i, topic] of names.entries()) {
        expect(await streams.append([], { key: topic, digest: 'd' })).toMatchObject({ offsets: [i + 1] });
        expect((await streams.read({ after: 0, topic, limit: 10 })).events).toMatchObject([{ offset: i + 1, topic }]);
      }
    });

    test('reads what the plain model reads', async () => {
      const topic = fc.constantFrom('a', 'b', 'ab');
      const step = fc.oneof(
        fc.record({ append: fc.array(topic, { maxLength: 6 }) }),
        fc.record({
          after: fc.integer({ min: 0, max: 30 }),
          until: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
          topic: fc.option(topic, { nil: undefined }),
          limit: fc.integer({ min: 1, max: 5 }),
        }),
        fc.record({ trim: fc.integer({ min: 1, max: 6 }), keep: fc.nat(20), age: fc.nat(10_000) }),
        fc.record({ advance: fc.nat(4_000) }),
        fc.constant('flush' as const),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
          await subject.close?.();
          use(await create(clock));
          const model = new StreamsModel();
          let flushed: Promise<void> | undefined;
          for (const [n, step] of steps.entries()) {
            if (step === 'flush') await flushed;
            else if ('append' in step) {
              const events = step.append.map((name) => event(n, name));
              const appended = await streams.append(events);
              flushed = appended.flushed;
              expect(appended.offsets).toEqual(model.append(events));
            } else if ('trim' in step) {
              const options = { before: clock.now() - step.age, keep: step.keep, limit: step.trim };
              expect(await streams.trim(options)).toBe(model.trim(options));
            } else if ('advance' in step) {
              clock.advance(step.advance);
            } else {
              const { until, topic: of, ...rest } = step;
              const options = {
                ...rest,
                ...(until === undefined ? {} : { until }),
                ...(of === undefined ? {} : { topic: of }),
              };
              await model.compare(streams, options);
            }
          }
          await model.compare(streams, { after: 0, limit: 7 });
          for (const name of ['a', 'b', 'ab']) await model.compare(streams, { after: 0, topic: name, limit: 2 });
          expect(await streams.top()).toBe(model.top);
        }),
        { numRuns: 40 },
      );
    });

    test('ends a page where it was full, and past all else where it was not', async () => {
      await streams.append([event(1, 'a'), event(2, 'b'), event(3, 'b'), event(4, 'a'), event(5, 'b')]);
      const full = await streams.read({ after: 0, topic: 'a', limit: 1 });
      expect(full.end).toBeGreaterThanOrEqual(1);
      expect(full.end).toBeLessThan(4);
      expect((await streams.read({ after: 0, topic: 'a', limit: 9 })).end).toBe(5);
      expect(await streams.read({ after: 1, until: 3, topic: 'a', limit: 9 })).toEqual({
        events: [],
        end: 3,
        covered: true,
      });
      expect(await streams.read({ after: 0, until: 99, topic: 'none', limit: 9 })).toEqual({
        events: [],
        end: 5,
        covered: true,
      });
      expect(await streams.read({ after: 5, limit: 9 })).toEqual({ events: [], end: 5, covered: true });
    });

    test('trims by count and by age, whichever comes first, in steps', async () => {
      await streams.append(some(10));
      clock.advance(1_000);
      await streams.append(some(10, 'late'));
      expect(await streams.trim({ before: 0, keep: 20, limit: 100 })).toBe(false);
      expect(await all()).toHaveLength(20);
      expect(await streams.trim({ before: 0, keep: 15, limit: 3 })).toBe(true);
      expect(await streams.trim({ before: 0, keep: 15, limit: 3 })).toBe(false);
      expect((await all())[0]?.offset).toBe(6);
      expect(await streams.trim({ before: clock.now(), keep: 100, limit: 100 })).toBe(false);
      expect((await all()).map(({ offset }) => offset)).toEqual(Array.from({ length: 10 }, (_, i) => i + 11));
      expect((await streams.read({ after: 0, topic: 'deals', limit: 10 })).events).toEqual([]);
      expect((await streams.read({ after: 9, limit: 10 })).covered).toBe(false);
      expect((await streams.read({ after: 10, limit: 10 })).covered).toBe(true);
      expect((await streams.read({ after: 0, topic: 'late', limit: 10 })).events).toHaveLength(10);
      expect(await streams.trim(keep(0))).toBe(false);
      expect(await all()).toEqual([]);
      expect(await streams.top()).toBe(20);
      expect((await streams.append(some(1))).offsets).toEqual([21]);
    });

    test('appends and reads rightly while it is trimmed', async () => {
      await streams.append(some(200));
      const trimming = (async () => {
        while (await streams.trim({ before: 0, keep: 50, limit: 10 }));
      })();
      const appends = Array.from({ length: 20 }, () => streams.append(some(1)));
      await Promise.all([trimming, ...appends]);
      await streams.trim({ before: 0, keep: 50, limit: 100 });
      expect((await all()).map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, i) => i + 171));
    });

    test('locates what is there', async () => {
      expect(await streams.locate(streams.idOf(0))).toEqual({ after: 0 });
      const { ids } = await streams.append(some(3));
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 2 });
      expect(await streams.locate(ids[2] as string)).toEqual({ after: 3 });
      expect(await streams.locate(streams.idOf(0))).toEqual({ after: 0 });
    });

    test('tells what was trimmed as retention', async () => {
      const { ids } = await streams.append(some(5));
      await streams.trim(keep(2));
      const oldest = ids[3] as string;
      expect(await streams.locate(ids[0] as string)).toEqual({ after: 3, lost: { reason: 'retention', oldest } });
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 3, lost: { reason: 'retention', oldest } });
      // Itself trimmed, but nothing behind it.
      expect(await streams.locate(ids[2] as string)).toEqual({ after: 3 });
      await streams.trim(keep(0));
      expect(await streams.locate(ids[3] as string)).toEqual({ after: 5, lost: { reason: 'retention', oldest: null } });
      expect(await streams.locate(ids[4] as string)).toEqual({ after: 5 });
    });

    test('tells what is ahead as unknown, and what is foreign as epoch', async () => {
      const { ids } = await streams.append(some(2));
      const epoch = (ids[0] as string).split('-')[0] as string;
      const lost = (reason: string) => ({ after: 0, lost: { reason, oldest: ids[0] } });
      expect(await streams.locate(`${epoch}-3`)).toEqual(lost('unknown'));
      expect(await streams.locate(`${epoch}-9999999999999999`)).toEqual(lost('unknown'));
      expect(await streams.locate(`${epoch}x-1`)).toEqual(lost('epoch'));
      expect(await streams.locate('x-1')).toEqual(lost('epoch'));
    });

    test('keeps everything over a new owner, who begins a new epoch', async () => {
      const before = await streams.append(some(3), { key: 'k', digest: 'd' });
      await before.flushed;
      const read = await all();
      use(await subject.reopen());
      expect(await all()).toEqual(read);
      expect(await streams.top()).toBe(3);
      expect([1, 2, 3].map((offset) => streams.idOf(offset))).toEqual(before.ids);
      expect(await streams.append(some(3), { key: 'k', digest: 'd' })).toMatchObject({
        ids: before.ids,
        replayed: true,
      });
      for (const [i, id] of before.ids.entries()) expect(await streams.locate(id)).toEqual({ after: i + 1 });

      const after = await streams.append(some(2));
      expect(after.offsets).toEqual([4, 5]);
      expect(after.ids[0]?.split('-')[0]).not.toBe(before.ids[0]?.split('-')[0]);
      expect(await streams.locate(after.ids[0] as string)).toEqual({ after: 4 });
      expect(await streams.locate(before.ids[2] as string)).toEqual({ after: 3 });
    });

    test('tells an id past the recorded end of its own segment as epoch', async () => {
      const { ids, flushed } = await streams.append(some(2));
      await flushed;
      const epoch = (ids[0] as string).split('-')[0] as string;
      use(await subject.reopen());
      const later = await streams.append(some(3));
      await later.flushed;
      const lost = { after: 0, lost: { reason: 'epoch', oldest: ids[0] } };
      expect(await streams.locate(`${epoch}-3`)).toEqual(lost);
      expect(await streams.locate(`${epoch}-6`)).toEqual(lost);
      use(await subject.reopen());
      expect(await streams.locate(`${epoch}-3`)).toEqual(lost);
      expect(await streams.locate(`${(later.ids[0] as string).split('-')[0]}-6`)).toEqual(lost);
      expect(await streams.locate(later.ids[2] as string)).toEqual({ after: 5 });
    });

    test('keeps the ids it gave over many owners who write nothing', async () => {
      const empty = streams.idOf(0);
      for (let n = 0; n < 5; n++) use(await subject.reopen());
      expect(await streams.locate(empty)).toEqual({ after: 0 });
      const { ids, flushed } = await streams.append(some(2));
      await flushed;
      for (let n = 0; n < 5; n++) use(await subject.reopen());
      expect([streams.idOf(1), streams.idOf(2)]).toEqual(ids);
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 2 });
      expect(await streams.locate(empty)).toEqual({ after: 0 });
      await streams.trim(keep(0));
      use(await subject.reopen());
      expect(await streams.top()).toBe(2);
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 2 });
      expect((await streams.append(some(1))).offsets).toEqual([3]);
    });
  });
};
