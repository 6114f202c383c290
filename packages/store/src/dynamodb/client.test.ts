import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { cut, fault, IMPATIENT, type Interfered, interfere, times } from '../testing/interference.js';
import { DynamoClient } from './client.js';
import { DynamoUnavailable } from './faults.js';
import type { Patience } from './resilience.js';

const raise = (error: Error) => (): never => {
  throw error;
};

describe('requests to DynamoDB', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const interfered = async (patience: Partial<Patience> = IMPATIENT): Promise<[DynamoClient, Interfered]> => {
    const client = await dynamo.client({ patience });
    return [client, interfere(client)];
  };
  const key = { pk: 'p', sk: 's' };
  const put = (client: DynamoClient) => client.put({ TableName: client.tables.aideals, Item: { ...key, n: 1 } });
  const get = (client: DynamoClient) => client.get({ TableName: client.tables.aideals, Key: key });

  test.each([
    ['ProvisionedThroughputExceededException', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 400],
    ['InternalServerError', 500],
    ['ServiceUnavailable', 503],
  ])('are repeated after %s', async (name, status) => {
    const [client, interference] = await interfered();
    interference.now({ before: times(3, raise(fault(name, status))) });
    expect(await put(client)).toMatchObject({ stored: true });
    expect(interference.sent).toHaveLength(4);
    expect(await get(client)).toMatchObject({ n: 1 });
  });

  test('that are throttled for ever fail with what, where and why, and store nothing', async () => {
    const [client, interference] = await interfered();
    interference.now({ before: raise(fault('ProvisionedThroughputExceededException')) });
    const failed = expect(put(client)).rejects;
    await failed.toThrow(DynamoUnavailable);
    await expect(put(client)).rejects.toThrow(
      /^a write to aideals-\d+ on DynamoDB \(http:.*\) failed: it is throttled \(ProvisionedThroughput/u,
    );
    expect(interference.sent).toHaveLength(2 * IMPATIENT.attempts);
    interference.now();
    expect(await get(client)).toBeUndefined();
  });

  test('leave no timer behind when their time is over, as a process that is frozen then must not have one', async () => {
    const pausing = { deadlineMs: 30, firstPauseMs: 100, longestPauseMs: 150, attempts: 50 };
    const [client, interference] = await interfered({ ...IMPATIENT, ...pausing });
    interference.now({ before: raise(fault('ThrottlingException')) });
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const failing = async () => expect(get(client)).rejects.toThrow(/no answer within 30 ms \(ThrottlingException/u);
    await Promise.all(Array.from({ length: 20 }, failing));
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('that are wrong are not repeated, and tell what DynamoDB tells', async () => {
    const [client, interference] = await interfered();
    await expect(client.get({ TableName: client.tables.aideals, Key: { pk: 'p' } })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(client.get({ TableName: 'nowhere', Key: key })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(interference.sent).toHaveLength(2);
  });

  test('tell whether a write whose condition failed may have been the same one, whose answer was lost', async () => {
    const [client, interference] = await interfered();
    const once = () =>
      client.put({
        TableName: client.tables.aideals,
        Item: key,
        ConditionExpression: 'attribute_not_exists(pk)',
      });
    interference.now({ after: times(1, raise(cut())) });
    expect(await once()).toEqual({ stored: false, unclear: true });
    expect(await once()).toEqual({ stored: false, unclear: false });
    // What was throttled was not carried out.
    interference.now({ before: times(2, raise(fault('ThrottlingException'))) });
    expect(await once()).toEqual({ stored: false, unclear: false });
  });

  test('of a batch go on with what was left undone, as long as it gets less', async () => {
    const [client, interference] = await interfered();
    const direct = new DynamoClient({ ...client, environment: {}, endpoint: dynamo.endpoint });
    const table = client.tables.aideals;
    const keys = Array.from({ length: 60 }, (_, n) => ({ pk: 'batch', sk: String(n) }));
    // Two requests of three are left undone, the third is carried out in part.
    const some = <T>(left: readonly T[]): readonly T[] =>
      interference.sent.length % 3 === 0 ? left.slice(0, Math.ceil(left.length / 3)) : [];
    interference.now({
      instead: async ({ input }) => {
        const left = input.RequestItems[table];
        const taken = some<{ PutRequest: { Item: object } }>(left);
        for (const { PutRequest } of taken) await direct.put({ TableName: table, Item: { ...PutRequest.Item } });
        return { UnprocessedItems: taken.length === left.length ? {} : { [table]: left.slice(taken.length) } };
      },
    });
    await client.batchWrite(
      table,
      keys.map((put) => ({ put })),
    );
    interference.now({
      instead: async ({ input }) => {
        const left = input.RequestItems[table].Keys;
        const taken = some<object>(left);
        const items = await Promise.all(taken.map((Key) => direct.get({ TableName: table, Key: { ...Key } })));
        const rest = taken.length === left.length ? {} : { [table]: { Keys: left.slice(taken.length) } };
        return { Responses: { [table]: items }, UnprocessedKeys: rest };
      },
    });
    const read = await client.batchGet(table, keys);
    expect(read.map(({ sk }) => sk).toSorted()).toEqual(keys.map(({ sk }) => sk).toSorted());
    direct.close();
  });

  test('of a batch of which nothing is taken fail, and do not claim to be stored', async () => {
    const [client, interference] = await interfered();
    const table = client.tables.aideals;
    interference.now({ instead: ({ input }) => ({ UnprocessedItems: input.RequestItems }) });
    await expect(client.batchWrite(table, [{ put: key }])).rejects.toThrow(
      /failed: it is throttled \(Unprocessed: 1 items/u,
    );
  });

  test('read all pages', async () => {
    const [client, interference] = await interfered();
    const TableName = client.tables.aideals;
    await client.batchWrite(
      TableName,
      Array.from({ length: 30 }, (_, n) => ({ put: { pk: 'p', sk: String(n).padStart(2, '0') } })),
    );
    const all = { TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'p' }, Limit: 4 };
    expect(await client.queryAll(all)).toHaveLength(30);
    const queries = interference.sent.filter(({ operation }) => operation === 'Query');
    expect(queries.map(({ input }) => input.ConsistentRead)).toEqual(queries.map(() => true));
    expect(queries.length).toBeGreaterThanOrEqual(8);
    expect(interference.sent.some(({ operation }) => operation === 'Scan')).toBe(false);
  });

  describe('where nothing answers', () => {
    const nowhere = (endpoint: string, patience: Partial<Patience>): DynamoClient =>
      new DynamoClient({
        region: 'us-east-1',
        endpoint,
        environment: {},
        tables: { connections: 'c', subscriptions: 's', aideals: 'a' },
        patience: { ...IMPATIENT, ...patience },
      });

    /** A port of the loopback that nobody listens on. */
    const freePort = async (): Promise<number> => {
      const server = createTcpServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      return port;
    };

    test('fail soon, then at once, and are sent again when it is back', async () => {
      const port = await freePort();
      const client = nowhere(`http://127.0.0.1:${port}`, { breakAfter: 6, brokenMs: 20 });
      const { sent } = interfere(client);
      await expect(get(client)).rejects.toThrow(
        /^a read of a on DynamoDB \(.*\) failed: it does not answer \(.*ECONNREFUSED/u,
      );
      expect(client.isAnswering).toBe(true);
      await expect(get(client)).rejects.toThrow(DynamoUnavailable);
      expect(client.isAnswering).toBe(false);
      const before = sent.length;
      await expect(get(client)).rejects.toThrow(/it did not answer lately \(.*ECONNREFUSED/u);
      expect(sent).toHaveLength(before);
      const server: Server = createServer((_request, response) => {
        response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      await vi.waitFor(async () => expect(await get(client)).toBeUndefined());
      expect(client.isAnswering).toBe(true);
      client.close();
      await new Promise((resolve) => server.close(resolve));
    });

    test('end with their budget of time, also where the connection stands', async () => {
      const sockets = new Set<Socket>();
      const server = createTcpServer((socket) => sockets.add(socket));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const client = nowhere(`http://127.0.0.1:${port}`, { attemptMs: 40, deadlineMs: 100, attempts: 50 });
      await expect(get(client)).rejects.toThrow(/failed: no answer within 100 ms/u);
      client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
  });
});
