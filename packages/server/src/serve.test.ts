import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freshFolder, refusalOf, type TestServer, testServer } from './testing/test-server.js';

const servers: TestServer[] = [];

const serve = async (env: Record<string, string> = {}): Promise<TestServer> => {
  const server = await testServer(env);
  servers.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe.each([
  ['a server', {}],
  ['a forgetful server', { AIDEALS_FORGETFUL: '1' }],
])('%s', (_, env: Record<string, string>) => {
  it('brings an event to those whose filters match', async () => {
    const server = await serve(env);
    const [near, far] = [await server.connect('near'), await server.connect('far')];
    await near.ask('subscribeToDeals', { topic: 'new-deals', filters: { category: 'electronics', minDiscount: 20 } });
    await far.ask('subscribeToDeals', { filters: { category: 'garden' } });
    const answer = await server.publish({
      topic: 'new-deals',
      data: { dealId: 'd1', category: 'electronics', discountPercentage: 35 },
    });
    expect(answer).toMatchObject({ broadcast: 'success', delivered: 1, total: 1 });
    expect(await near.until(({ type }) => type === 'dealUpdate')).toMatchObject({
      topic: 'new-deals',
      id: answer['id'],
      data: { dealId: 'd1' },
    });
    await far.ask('ping');
    expect(far.heard.map(({ type }) => type)).toEqual(['subscriptionConfirmed', 'pong']);
  });

  it('hands over what was missed, over a restart', async () => {
    const dataDir = freshFolder();
    let server = await testServer({ ...env, AIDEALS_DATA_DIR: dataDir });
    const first = await server.connect('reader');
    const { lastEventId } = (await first.ask('subscribeToDeals')).data;
    const sender = await server.connect('sender');
    expect((await sender.ask('sendMessage', { recipientId: 'away', content: 'hello' })).data).toMatchObject({
      status: 'stored',
      sequence: 1,
    });
    await server.publish(Array.from({ length: 700 }, (_, n) => ({ data: { n } })));
    await server.server.stop();

    server = await serve({ ...env, AIDEALS_DATA_DIR: dataDir });
    const again = await server.connect('reader');
    const confirmed = await again.ask('subscribeToDeals', { lastEventId });
    expect(confirmed.data).toMatchObject({ recovered: true });
    await server.publish({ data: { n: 700 } });
    const recovered = await again.until(({ type }) => type === 'subscriptionRecovered');
    expect(recovered.data).toMatchObject({ replayed: 700 });
    await again.until(({ data }) => data['n'] === 700);
    expect(again.heard.filter(({ type }) => type === 'dealUpdate').map(({ data }) => data['n'])).toEqual(
      Array.from({ length: 701 }, (_, n) => n),
    );
    const away = await server.connect('away');
    expect((await away.until(({ type }) => type === 'messageReceived')).data).toMatchObject({ content: 'hello' });
  });
});

describe('a start', () => {
  it('says which port is taken', async () => {
    const holder = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const dataDir = freshFolder();
    expect(await refusalOf({ PORT: String(port), AIDEALS_DATA_DIR: dataDir })).toBe(
      `PORT: ${port} is taken on 127.0.0.1; end what listens there, or choose another`,
    );
    holder.close();
    rmSync(dataDir, { recursive: true });
  });

  it('says what is wrong with the data folder, and leaves another server’s alone', async () => {
    const folder = freshFolder();
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'below')]) {
      expect(await refusalOf({ AIDEALS_DATA_DIR: dataDir })).toMatch(/^AIDEALS_DATA_DIR: .*a-file.*is a file/u);
    }
    mkdirSync(join(folder, 'data'));
    rmSync(folder, { recursive: true });

    const server = await serve();
    expect(await refusalOf({ AIDEALS_DATA_DIR: server.dataDir })).toMatch(/^AIDEALS_DATA_DIR: .*in use/u);
    expect(await server.publish({ data: {} })).toMatchObject({ broadcast: 'success' });
  });

  it('warns of what is meant for development, and tells no secret', async () => {
    const server = await serve({ JWT_SECRET: '' });
    expect(server.log()).toContain('JWT_SECRET is not set');
    expect(server.log()).toContain('AIDEALS_RATE_LIMIT is off');
    const short = await serve({ JWT_SECRET: 'test-secret' });
    expect(short.log()).toContain('JWT_SECRET: has 11 bytes');
    expect(short.log()).not.toContain('test-secret');
  });
});

describe('a stop', () => {
  it('tells when to come back, serves for a while, and closes with 1012', async () => {
    const server = await serve({ AIDEALS_DRAIN_SECONDS: '2' });
    const clients = await Promise.all(['a', 'b', 'c'].map((sub) => server.connect(sub)));
    await Promise.all(clients.map((client) => client.ask('ping')));
    const stopped = server.server.stop();
    for (const client of clients) {
      const { data } = await client.until(({ type }) => type === 'goAway');
      expect(data).toEqual({ afterMs: expect.any(Number), spreadMs: 1_000 });
    }
    const [first] = clients;
    expect((await first?.ask('getStatus'))?.data).toMatchObject({ systemStatus: 'draining' });
    const ready = await server.fetch('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { store: 'ok', connections: 'draining' } },
    ]);
    const late = await server.fetch(`/ws?token=${await server.token('late')}`);
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '5']);
    for (const client of clients) expect(await client.closed()).toEqual([1012, 'restarting']);
    await stopped;
    await expect(server.fetch('/healthz')).rejects.toThrow();
  });

  it('is over soon where the clients go, and where there are none', async () => {
    const server = await serve({ AIDEALS_DRAIN_SECONDS: '600' });
    const client = await server.connect('a');
    const stopped = server.server.stop();
    await client.until(({ type }) => type === 'goAway');
    client.socket.close();
    await stopped;
    expect(await server.server.stop()).toBeUndefined();
    const empty = await serve({ AIDEALS_DRAIN_SECONDS: '600' });
    await empty.server.stop();
  });

  it('does not wait for a client that does not answer', async () => {
    const server = await serve({ AIDEALS_DRAIN_SECONDS: '0.5' });
    const client = await server.connect('deaf');
    client.socket.pause();
    await server.server.stop();
    client.socket.terminate();
  });
});
