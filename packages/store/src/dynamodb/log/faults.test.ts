import type { NewEvent, Streams } from '@aideals/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startDynamo } from '../../testing/dynamo.js';
import { cut, fault, IMPATIENT, interfere, type Sent, times } from '../../testing/interference.js';
import { DynamoClient } from '../client.js';
import { DynamoUnavailable } from '../faults.js';
import { dynamoStreams } from './streams.js';

const raise = (error: Error) => (): never => {
  throw error;
};

const isHead = ({ operation, input }: Sent): boolean => operation === 'UpdateItem' && input.Key?.sk === 'head';
const isItem = ({ operation, input }: Sent): boolean => operation === 'PutItem' && /^log#/u.test(input.Item?.pk);
const isClaimDone = ({ operation, input }: Sent): boolean =>
  operation === 'UpdateItem' && /^key#/u.test(input.Key?.pk) && /#f/u.test(input.UpdateExpression);

describe('the log on DynamoDB, when things go wrong', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const clock = { now: () => Date.UTC(2026, 0, 1) };
  const event = (n: number): NewEvent => ({ type: 'dealUpdate', topic: 'deals', data: { n }, at: clock.now() });

  const opened = async (completedIs: 'replayed' | 'new' = 'replayed') => {
    const client = await dynamo.client({ patience: IMPATIENT });
    const again = (): Promise<Streams> =>
      dynamoStreams(new DynamoClient({ ...client, endpoint: dynamo.endpoint, environment: {} }), {
        clock,
        completedIs,
      });
    const streams = await dynamoStreams(client, { clock, completedIs });
    return { streams, again, interference: interfere(client) };
  };
  const numbers = async (streams: Streams): Promise<unknown[]> =>
    (await streams.read({ after: 0, limit: 1_000 })).events.map(({ data }) => data['n']);

  test('an append whose answer was lost stands there once', async () => {
    const { streams, again, interference } = await opened();
    for (let n = 1; n <= 4; n++) {
      interference.now({ after: times(n % 3, raise(cut())) });
      expect((await streams.append([event(n)])).offsets).toEqual([n]);
    }
    expect(await numbers(await again())).toEqual([1, 2, 3, 4]);
  });

  test('what was refused is not there, whether it was carried out or not, and leaves no trace in the order', async () => {
    const { streams, again, interference } = await opened();
    await streams.append([event(1)]);
    const refuse = async (n: number, how: Parameters<typeof interference.now>[0]): Promise<void> => {
      interference.now(how);
      await expect(streams.append([event(n), event(n)])).rejects.toThrow(DynamoUnavailable);
      interference.now();
    };
    await refuse(2, { before: raise(fault('ThrottlingException')) });
    await refuse(3, { after: (sent) => isItem(sent) && raise(cut())() });
    expect(await numbers(streams)).toEqual([1]);
    await refuse(4, { before: (sent) => isHead(sent) && raise(cut())() });
    await refuse(5, { after: (sent) => isHead(sent) && raise(cut())() });
    const later = await streams.append([event(6)]);
    expect(await numbers(streams)).toEqual([1, 6]);
    expect(await numbers(await again())).toEqual([1, 6]);
    const [offset = 0] = later.offsets;
    expect(await streams.top()).toBe(offset);
    expect(await streams.read({ after: 1, until: offset - 1, limit: 10 })).toEqual({
      events: [],
      end: offset - 1,
      covered: true,
    });
    expect(await streams.trim({ before: 0, keep: 1, limit: 100 })).toBe(false);
    expect(await numbers(streams)).toEqual([6]);
  });

  test('one of several that fail does not hold up those behind it', async () => {
    const { streams, interference } = await opened();
    interference.now({ before: times(IMPATIENT.attempts, raise(cut())) });
    const first = streams.append([event(1)], { key: 'a', digest: 'd' });
    const others = [2, 3, 4].map((n) => streams.append([event(n)]));
    await expect(first).rejects.toThrow(DynamoUnavailable);
    expect((await Promise.all(others)).flatMap(({ offsets }) => offsets)).toEqual([1, 2, 3]);
    expect(await numbers(streams)).toEqual([2, 3, 4]);
  });

  test.each([
    ['before its list was put', (sent: Sent) => isItem(sent), 'before'],
    ['when its list was put, and no answer came', (sent: Sent) => isItem(sent), 'after'],
    ['before the head moved', (sent: Sent) => isHead(sent), 'before'],
    ['before the claim was done', (sent: Sent) => isClaimDone(sent), 'before'],
  ] as const)('a key that failed %s is completed by its repeat, once', async (_when, where, side) => {
    const { streams, again, interference } = await opened();
    const once = { key: 'k', digest: 'd' };
    await streams.append([event(1)]);
    interference.now({ [side]: (sent: Sent) => where(sent) && raise(cut())() });
    await expect(streams.append([event(2), event(3)], once)).rejects.toThrow(DynamoUnavailable);
    interference.now();
    await streams.append([event(4)]);
    const repeated = await streams.append([event(2), event(3)], once);
    // Nobody was sent what was refused: whoever repeats it delivers it.
    expect(repeated.replayed).toBe(false);
    const third = await streams.append([event(2), event(3)], once);
    expect(third).toMatchObject({ ids: repeated.ids, replayed: true });
    expect(await numbers(await again())).toEqual([1, 4, 2, 3]);
    await expect(streams.append([event(2)], { key: 'k', digest: 'other' })).rejects.toThrow('another body');
  });

  test.each([
    ['replayed', true],
    ['new', false],
  ] as const)('where its process died, a repeat elsewhere completes it, as %s', async (completedIs, replayed) => {
    const { streams, again, interference } = await opened(completedIs);
    await streams.append([event(1)]);
    interference.now({ before: (sent) => isHead(sent) && raise(cut())() });
    const once = { key: 'k', digest: 'd' };
    await expect(streams.append([event(2)], once)).rejects.toThrow(DynamoUnavailable);
    // It is taken in by the next start, before anyone resumes there.
    const next = await again();
    expect(await numbers(next)).toEqual([1, 2]);
    expect(await next.append([event(2)], once)).toMatchObject({ offsets: [2], replayed });
    expect(await next.append([event(2)], once)).toMatchObject({ offsets: [2], replayed: true });
    expect(await numbers(next)).toEqual([1, 2]);
  });

  test('a claim whose place was taken moves on', async () => {
    const { streams, again, interference } = await opened();
    const once = { key: 'k', digest: 'd' };
    interference.now({ before: (sent) => isItem(sent) && raise(cut())() });
    await expect(streams.append([event(1)], once)).rejects.toThrow(DynamoUnavailable);
    const next = await again();
    await next.append([event(2), event(3)]);
    expect(await next.append([event(1)], once)).toMatchObject({ offsets: [3], replayed: false });
    expect(await numbers(next)).toEqual([2, 3, 1]);
  });

  test('many that append at once share a dense order, each list once and whole', async () => {
    const { streams, again } = await opened();
    const all = [streams, await again(), await again()];
    const appended = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const list = Array.from({ length: (n % 4) + 1 }, () => event(n));
        const once = n % 5 === 0 ? { key: `k${n % 10}`, digest: `${n % 10}` } : undefined;
        const { offsets, replayed } = await (all[n % 3] as Streams).append(list, once);
        return { n, offsets, replayed };
      }),
    );
    const fresh = appended.filter(({ replayed }) => !replayed);
    const offsets = fresh.flatMap((each) => each.offsets).toSorted((a, b) => a - b);
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => i + 1));
    for (const each of all) {
      const { events } = await each.read({ after: 0, limit: 1_000 });
      expect(events).toHaveLength(offsets.length);
      for (const { n, offsets: own } of fresh) {
        for (const offset of own) expect(events[offset - 1]).toMatchObject({ offset, data: { n } });
      }
    }
    expect(new Set(fresh.filter(({ n }) => n % 5 === 0).map(({ n }) => n % 10)).size).toBe(2);
    expect(fresh.filter(({ n }) => n % 5 === 0)).toHaveLength(2);
  });
});
