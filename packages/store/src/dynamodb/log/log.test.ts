import type { NewEvent, ReadPage, Streams } from '@aideals/core';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startDynamo } from '../../testing/dynamo.js';
import { IMPATIENT, interfere } from '../../testing/interference.js';
import { DynamoClient } from '../client.js';
import { createTables } from '../create-tables.js';
import { itemKey } from './items.js';
import type { LogOptions } from './open-log.js';
import { dynamoStreams } from './streams.js';

describe('the log on DynamoDB', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const clock = { now: () => Date.UTC(2026, 0, 1) };
  const event = (n: number, topic = 'deals', pad = ''): NewEvent => ({
    type: 'dealUpdate',
    topic,
    data: { n, pad },
    at: clock.now(),
  });
  const opened = async (options: Partial<LogOptions> = {}) => {
    const client = await dynamo.client({ patience: IMPATIENT });
    const again = (): Promise<Streams> =>
      dynamoStreams(new DynamoClient({ ...client, endpoint: dynamo.endpoint, environment: {} }), { clock, ...options });
    const streams = await dynamoStreams(client, { clock, ...options });
    return { client, streams, again, interference: interfere(client) };
  };
  const numbers = ({ events }: ReadPage): unknown[] => events.map(({ data }) => data['n']);
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

  test('begins no epoch by a start', async () => {
    const { streams, again } = await opened();
    const { ids } = await streams.append([event(1)]);
    const next = await again();
    expect(next.idOf(1)).toBe(ids[0]);
    expect((await next.append([event(2)])).ids[0]).toBe(streams.idOf(2));
    expect(await streams.locate(next.idOf(2))).toEqual({ after: 2 });
  });

  test('joins what waits into one item and one move of the head', async () => {
    const { streams, interference } = await opened();
    const appended = await Promise.all(range(0, 250).map((n) => streams.append([event(n)])));
    expect(appended.map(({ offsets }) => offsets[0])).toEqual(range(1, 250));
    const puts = interference.sent.filter(({ operation }) => operation === 'PutItem');
    expect(puts.map(({ input }) => input.Item.n)).toEqual([100, 100, 50]);
    expect(interference.sent.filter(({ operation }) => operation === 'UpdateItem').length).toBeLessThanOrEqual(3);
  });

  test('keeps no item over 100 events or 300 KB, and shows a larger list only when all of it is there', async () => {
    const { client, streams, again, interference } = await opened();
    const large = range(0, 9).map((n) => event(n, 'deals', 'x'.repeat(120_000)));
    const many = range(9, 991).map((n) => event(n));
    await streams.append(large);
    await streams.append(many);
    const batches = interference.sent.filter(({ operation }) => operation === 'BatchWriteItem');
    const parts = batches.flatMap(({ input }) => input.RequestItems[client.tables.aideals]);
    expect(parts.map(({ PutRequest }) => PutRequest.Item.e.length)).toEqual([
      ...range(0, 4).map(() => 2),
      1,
      ...range(0, 9).map(() => 100),
      91,
    ]);
    const order = interference.sent.map(({ operation }) => operation).filter((name) => /Item$/u.test(name));
    expect(order.indexOf('BatchWriteItem')).toBeLessThan(order.indexOf('PutItem'));
    expect(numbers(await (await again()).read({ after: 0, limit: 10_000 }))).toEqual(range(0, 1000));
    expect(numbers(await (await again()).read({ after: 700, limit: 2 }))).toEqual([700, 701]);
    await expect((async () => streams.append([event(0, 'deals', 'x'.repeat(400_000))]))()).rejects.toThrow(
      /^events\[0\] must be/u,
    );
    const tooMany = range(0, 10_001).map((n) => event(n));
    await expect((async () => streams.append(tooMany))()).rejects.toThrow(/^events must be up to 10000/u);
  });

  test('goes on from block to block, and finds every offset there', async () => {
    const { streams, again } = await opened({ cacheBytes: 100_000 });
    let n = 0;
    for (const count of [9_000, 900, 150, 1, 9_990, 3, 700, 1]) {
      await streams.append(range(n, count).map((each) => event(each, each % 1000 === 7 ? 'rare' : 'deals')));
      n += count;
    }
    const top = n;
    for (const log of [streams, await again()]) {
      expect(await log.top()).toBe(top);
      for (const after of [0, 8_999, 9_899, 9_950, 9_999, 10_000, 10_049, 20_040, 20_041, top - 2]) {
        expect(numbers(await log.read({ after, limit: 2 }))).toEqual(range(after, Math.min(2, top - after)));
      }
      const rare: unknown[] = [];
      for (let after = 0; after < top; ) {
        const page = await log.read({ after, topic: 'rare', limit: 4 });
        rare.push(...numbers(page));
        after = page.end;
      }
      expect(rare).toEqual(
        range(0, 21)
          .map((thousand) => thousand * 1000 + 7)
          .filter((each) => each < top),
      );
    }
    expect((await streams.append([event(0)])).offsets).toEqual([top + 1]);
  });

  test('reads what it has read before without a request', async () => {
    const { streams, again, interference } = await opened();
    await (await again()).append(range(0, 250).map((n) => event(n)));
    await streams.top();
    const read = () => streams.read({ after: 0, until: 250, limit: 1_000 });
    const first = await read();
    expect(numbers(first)).toEqual(range(0, 250));
    const before = interference.sent.length;
    expect(await read()).toEqual(first);
    const { offsets } = await streams.append([event(250)]);
    const own = interference.sent.length;
    expect(numbers(await streams.read({ after: 250, until: offsets[0] as number, limit: 9 }))).toEqual([250]);
    expect(interference.sent.length).toBe(own);
    // A look at the head, since others append too, the item, the head.
    expect(own - before).toBe(3);
    await streams.append([event(251)]);
    expect(interference.sent.length - own).toBe(2);
  });

  test('tells once what DynamoDB has deleted before it was trimmed, and goes on behind it', async () => {
    const { client, streams, again } = await opened();
    for (let n = 1; n <= 6; n++) await streams.append([event(n)]);
    for (const first of [1, 2, 4]) await client.delete({ TableName: client.tables.aideals, Key: itemKey(first) });
    const next = await again();
    expect(await next.read({ after: 0, limit: 9 })).toEqual({ events: [], end: 0, covered: false });
    expect(await next.locate(next.idOf(0))).toEqual({
      after: 2,
      lost: { reason: 'retention', oldest: next.idOf(3) },
    });
    const page = await next.read({ after: 2, limit: 9 });
    expect([numbers(page), page.end, page.covered]).toEqual([[3], 3, true]);
    expect(await next.read({ after: 3, limit: 9 })).toMatchObject({ events: [], covered: false });
    expect(numbers(await next.read({ after: 4, limit: 9 }))).toEqual([5, 6]);
  });

  test('gives items a time after which nobody needs them, and a day and more to those under a key', async () => {
    const { client, streams } = await opened({ retentionSeconds: 7_200 });
    await streams.append([event(1)]);
    await streams.append([event(2)], { key: 'k', digest: 'd' });
    const ttl = async (first: number): Promise<number> => {
      const item = await client.get({ TableName: client.tables.aideals, Key: itemKey(first) });
      return (item?.['ttl'] as number) - clock.now() / 1000;
    };
    expect(await ttl(1)).toBe(7_200 + 3_600);
    expect(await ttl(2)).toBe(86_400 + 3_600);
  });

  test('that is made anew under a process is not written as if it were the old one', async () => {
    const { client, streams } = await opened();
    const { ids } = await streams.append([event(1), event(2)]);
    await client.documents.send(new DeleteTableCommand({ TableName: client.tables.aideals }));
    await createTables(client);
    await expect((async () => streams.append([event(3)]))()).rejects.toThrow(
      /aideals-\d+ on DynamoDB .* was made anew/u,
    );
    const anew = await streams.append([event(4)]);
    expect(anew.offsets).toEqual([1]);
    expect(await streams.locate(ids[1] as string)).toMatchObject({ after: 0, lost: { reason: 'epoch' } });
    expect(numbers(await streams.read({ after: 0, limit: 9 }))).toEqual([4]);
  });
});
