import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { cut, IMPATIENT, interfere } from '../testing/interference.js';
import { DynamoClient } from './client.js';
import { dynamoLimiter } from './limiter.js';
import { type DynamoStore, openDynamo } from './open.js';
import { TableError } from './tables.js';

describe('the store on DynamoDB', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const clock = { now: () => Date.UTC(2026, 0, 1) };
  const rule = { perMinute: 60, burst: 5 };
  const opened = async (): Promise<DynamoStore> => {
    const { tables } = await dynamo.client();
    return openDynamo({ region: 'us-east-1', endpoint: dynamo.endpoint, environment: {}, tables, clock });
  };

  test('opens with all that a runtime needs, and its log at the first call', async () => {
    const store = await opened();
    await store.table.put('p', 's', { n: 1 });
    expect(await store.limiter.take('k', 1, rule)).toMatchObject({ ok: true });
    const log = await store.streams();
    await log.append([{ type: 'dealUpdate', topic: 'deals', data: {}, at: clock.now() }]);
    expect(await store.streams()).toBe(log);
    expect(await log.top()).toBe(1);
    await store.check();
    store.close();
  });

  test('does not open where a table is missing, and says which', async () => {
    const { tables } = await dynamo.client();
    const opening = openDynamo({
      region: 'us-east-1',
      endpoint: dynamo.endpoint,
      environment: {},
      tables: { ...tables, subscriptions: 'not-there' },
      clock,
    });
    await expect(opening).rejects.toThrow(TableError);
    await expect(opening).rejects.toThrow(/^SUBSCRIPTIONS_TABLE: the table not-there does not exist/u);
  });

  test('keeps the rows of connections as the guides have them', async () => {
    const { connections, client, close } = await opened();
    const row = { connectionId: 'c1', userId: 'u1', createdAt: clock.now() };
    await connections.put(row);
    const stored = (connectionId: string) =>
      client.get({ TableName: client.tables.connections, Key: { connectionId } });
    expect(await stored('c1')).toEqual({ ...row, ttl: clock.now() / 1000 + 2 * 3600 + 300 });
    await connections.put(row, 1_800_000_000);
    expect(await stored('c1')).toMatchObject({ ttl: 1_800_000_000 });
    const found = await client.queryAll({
      TableName: client.tables.connections,
      IndexName: 'UserIdIndex',
      ConsistentRead: false,
      KeyConditionExpression: 'userId = :u',
      ExpressionAttributeValues: { ':u': 'u1' },
    });
    expect(found).toHaveLength(1);
    await connections.delete('c1');
    await connections.delete('c1');
    expect(await stored('c1')).toBeUndefined();
    const ids = Array.from({ length: 30 }, (_, n) => `m${n}`);
    for (const connectionId of ids) await connections.put({ ...row, connectionId });
    await connections.deleteMany([...ids, 'm0', 'never']);
    expect(await stored('m29')).toBeUndefined();
    close();
  });

  test('limits over all nodes, and asks nothing for what a node knows to be refused', async () => {
    const client = await dynamo.client({ patience: IMPATIENT });
    const other = new DynamoClient({ ...client, endpoint: dynamo.endpoint, environment: {} });
    const [a, b] = [dynamoLimiter(client, clock), dynamoLimiter(other, clock)];
    const takes = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? a : b).take('k', 1, rule)));
    expect(takes.filter(({ ok }) => ok)).toHaveLength(rule.burst);
    expect((await a.take('k', 1, rule)).ok).toBe(false);
    const { sent } = interfere(client);
    expect(await a.take('k', 1, rule)).toEqual({ ok: false, retryAfter: 1 });
    expect(sent).toEqual([]);
  });

  test('lets each node limit for itself where DynamoDB does not answer', async () => {
    const client = await dynamo.client({ patience: IMPATIENT });
    const limiter = dynamoLimiter(client, clock);
    interfere(client).now({
      before: () => {
        throw cut();
      },
    });
    const takes = [];
    for (let n = 0; n < 7; n++) takes.push(await limiter.take('k', 1, rule));
    expect(takes.map(({ ok }) => ok)).toEqual([true, true, true, true, true, false, false]);
  });
});
