import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LocalDynamo, LocalRedis } from '@aideals/local-cluster';
import { createTables, DynamoClient } from '@aideals/store/dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KEY, refusalOf, type TestServer, testServer } from './testing/test-server.js';

const PASSWORD = 'a-password';
const tables = { connections: 'WebSocketConnections', subscriptions: 'WebSocketSubscriptions', aideals: 'Aideals' };

describe('servers that share Redis and DynamoDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-cluster-'));
  const servers: TestServer[] = [];
  let redis: LocalRedis;
  let dynamo: LocalDynamo;
  let prefixes = 0;

  beforeAll(async () => {
    [redis, dynamo] = await Promise.all([LocalRedis.start({ folder, password: PASSWORD }), LocalDynamo.start()]);
    const client = new DynamoClient({ region: 'us-east-1', endpoint: dynamo.endpoint, tables });
    await createTables(client);
    client.close();
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), dynamo.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const onRedis = (): Record<string, string> => {
    prefixes += 1;
    return {
      REDIS_HOST: redis.host,
      REDIS_PORT: String(redis.port),
      REDIS_PASSWORD: PASSWORD,
      AIDEALS_REDIS_PREFIX: `t${prefixes}`,
    };
  };
  const onDynamo = (): Record<string, string> => ({
    CONNECTIONS_TABLE: tables.connections,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_REGION: '',
  });

  const serve = async (env: Record<string, string>): Promise<TestServer> => {
    const server = await testServer(env);
    servers.push(server);
    return server;
  };

  const connectionsOf = async (server: TestServer, userId: string): Promise<readonly { connectionId: string }[]> => {
    const response = await server.fetch(`/v1/connections?userId=${userId}`, { headers: { 'x-api-key': KEY } });
    return ((await response.json()) as { items: { connectionId: string }[] }).items;
  };

  it('serve as one', async () => {
    const env = { ...onRedis(), ...onDynamo() };
    const [here, there] = [await serve(env), await serve(env)];
    const [alice, bob] = [await here.connect('alice'), await there.connect('bob', '&client=tab')];
    await bob.ask('subscribeToDeals', { topic: 'tv' });
    expect(await here.publish({ topic: 'tv', data: { title: 'near' } })).toMatchObject({ delivered: 0, nodes: 1 });
    expect(await bob.until(({ type }) => type === 'dealUpdate')).toMatchObject({ data: { title: 'near' } });

    expect((await alice.ask('sendMessage', { recipientId: 'bob', content: 'hello' })).data).toMatchObject({
      status: 'delivered',
      sequence: 1,
    });
    expect((await bob.until(({ type }) => type === 'messageReceived')).data).toMatchObject({ content: 'hello' });

    await here.connect('bob', '&client=tab');
    expect(await bob.closed()).toEqual([4010, expect.any(String)]);
    const [connection] = await connectionsOf(there, 'alice');
    const removed = await there.fetch(`/v1/connections/${connection?.connectionId}`, {
      method: 'DELETE',
      headers: { 'x-api-key': KEY },
    });
    expect(removed.status).toBe(204);
    expect(await alice.closed()).toEqual([4003, expect.any(String)]);
    expect(await (await here.fetch('/readyz')).json()).toEqual({
      status: 'ok',
      checks: { dynamodb: 'ok', redis: 'ok', connections: 'ok' },
    });
    expect(await (await there.fetch('/metrics')).text()).toContain('aideals_relayed_total{what="event"}');
    expect(here.log()).not.toContain(PASSWORD);
  });

  it('warn of a Redis that may throw the log away, and end without a complaint', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory', '1gb', 'maxmemory-policy', 'allkeys-lru');
    const server = await serve({ ...onRedis(), ...onDynamo() });
    await redis.command('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    await server.stop();
    expect(server.log()).toContain('maxmemory-policy is allkeys-lru');
    expect(server.log()).not.toContain('cannot be reached');
  });

  it('take what anyone publishes on Redis, once', async () => {
    const env = { ...onRedis(), ...onDynamo() };
    const [here, there] = [await serve(env), await serve(env)];
    const readers = [await here.connect('alice'), await there.connect('bob')];
    for (const reader of readers) await reader.ask('subscribeToDeals', { topic: 'tv' });
    const message = JSON.stringify({ type: 'dealUpdate', data: { title: 'from afar' }, timestamp: 1 });
    await redis.command('PUBLISH', `${env['AIDEALS_REDIS_PREFIX']}:tv`, 'no event');
    await redis.command('PUBLISH', `${env['AIDEALS_REDIS_PREFIX']}:tv`, message);
    for (const reader of readers) {
      expect(await reader.until(({ type }) => type === 'dealUpdate')).toMatchObject({ data: { title: 'from afar' } });
    }
    await here.publish({ topic: 'tv', data: { title: 'last' } });
    for (const reader of readers) {
      await reader.until(({ data }) => data['title'] === 'last');
      expect(reader.heard.filter(({ type }) => type === 'dealUpdate')).toHaveLength(2);
    }
    expect(here.log()).toContain('are no events');
  });

  it('stay up while Redis is away, say so, and go on when it is back', async () => {
    const env = { ...onRedis(), ...onDynamo() };
    const [here, there] = [await serve(env), await serve(env)];
    const [carol, dave] = [await here.connect('carol'), await there.connect('dave')];
    await dave.ask('subscribeToDeals', { topic: 'tv' });
    await here.publish({ topic: 'tv', data: { title: 'before' } });
    await redis.stop();
    const refused = async (): Promise<void> => {
      for (;;) {
        const response = await here.fetch('/v1/broadcast', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-api-key': KEY },
          body: JSON.stringify({ topic: 'tv', data: { title: 'lost' } }),
        });
        if (response.status === 503) return expect(response.headers.get('retry-after')).toBe('5');
      }
    };
    await refused();
    expect(await carol.ask('subscribeToDeals', { topic: 'tv' })).toMatchObject({
      type: 'error',
      data: { code: 'SUBSCRIPTION_ERROR' },
    });
    expect((await here.fetch('/readyz')).status).toBe(503);
    expect((await carol.ask('getStatus')).data).toMatchObject({ systemStatus: 'degraded' });
    const sent = await carol.ask('sendMessage', { recipientId: 'dave', content: 'meanwhile' });
    expect(sent.data).toMatchObject({ status: 'stored' });
    await redis.start();
    expect((await dave.until(({ type }) => type === 'messageReceived')).data).toMatchObject({ content: 'meanwhile' });
    for (;;) {
      const answer = await here.publish({ topic: 'tv', data: { title: 'after' } }).catch(() => undefined);
      if (answer !== undefined) break;
    }
    await dave.until(({ data }) => data['title'] === 'after');
    expect(dave.heard.flatMap(({ type, data }) => (type === 'dealUpdate' ? [data['title']] : []))).toEqual([
      'before',
      'after',
    ]);
  });

  it('share events alone where each has a folder of its own, and are told that this is so', async () => {
    const env = onRedis();
    const [here, there] = [await serve(env), await serve(env)];
    const bob = await there.connect('bob');
    await bob.ask('subscribeToDeals', {});
    expect(await here.publish({ topic: 'tv', data: { title: 'near' } })).toMatchObject({ nodes: 1 });
    await bob.until(({ type }) => type === 'dealUpdate');
    expect(here.log()).toContain('meant for one node');
    expect(here.log()).toContain('another deployment uses this Redis');
  });

  it('keep all on DynamoDB where there is no Redis', async () => {
    const server = await serve(onDynamo());
    const alice = await server.connect('alice');
    await alice.ask('subscribeToDeals', { topic: 'tv' });
    const answer = await server.publish({ topic: 'tv', data: { title: 'near' } });
    expect(answer).toMatchObject({ delivered: 1 });
    expect(answer).not.toHaveProperty('nodes');
    await alice.until(({ type }) => type === 'dealUpdate');
  });

  it('do not start with what is wrong, and say which setting it is', async () => {
    const env = { ...onRedis(), ...onDynamo() };
    expect(await refusalOf({ ...env, REDIS_PASSWORD: 'wrong' })).toMatch(/^REDIS_PASSWORD: [^\n]*refuses/u);
    expect(await refusalOf({ ...env, REDIS_PASSWORD: '' })).toMatch(/^REDIS_PASSWORD: [^\n]*wants a password$/u);
    expect(await refusalOf({ ...env, REDIS_PORT: String(await freePort()) })).toMatch(
      /^REDIS_HOST: [^\n]*ECONNREFUSED/u,
    );
    expect(await refusalOf({ ...env, AIDEALS_REDIS_URL: 'http://x' })).toMatch(/^AIDEALS_REDIS_URL: must be redis:/u);
    expect(await refusalOf({ ...env, AIDEALS_TABLE: 'Elsewhere' })).toMatch(
      /^AIDEALS_TABLE: [^\n]*aideals dynamodb create/u,
    );
    expect(await refusalOf({ ...env, AWS_ENDPOINT_URL_DYNAMODB: '' })).toMatch(/^AWS_REGION: is not set/u);
  });
});
