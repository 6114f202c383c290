import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalRedis } from '@aideals/local-cluster';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signToken } from '../credentials/signing.js';
import { signingKey } from '../credentials/signing-key.js';
import { aideals, clean, type Running, SECRET, type Served, serve, start, temporary } from '../testing/command-line.js';
import { Listener } from '../testing/listener.js';

const KEY = 'a-key-of-these-tests-with-32-characters';
const PASSWORD = 'secret of the broker';
const BUNDLE = fileURLToPath(new URL('../../../lambda/scripts/bundle.mjs', import.meta.url));

let redis: LocalRedis;
let publisher: ReturnType<typeof createClient>;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-bridge-'));
  redis = await LocalRedis.start({ folder, password: PASSWORD });
  publisher = createClient({ url: redis.url });
  await publisher.connect();
});
afterEach(() => clean());
afterAll(async () => {
  publisher.destroy();
  await redis.stop();
  rmSync(folder, { recursive: true });
});

const broker = () => ({ REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_PASSWORD: PASSWORD });
const deployed = (url: string) => ({ ...broker(), AIDEALS_HTTP_URL: url, JWT_SECRET: SECRET });

const bridge = async (env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Running> => {
  const running = start(['bridge', ...args], env);
  await running.seen('stdout', /^aideals bridge hears \S+:\* at redis:\S+ and publishes it at http/mu);
  return running;
};

/** In the form of the guides. */
const publish = (topic: string, data: object, type = 'dealUpdate'): Promise<number> =>
  publisher.publish(`aideals:${topic}`, JSON.stringify({ type, data, timestamp: 1_700_000_000 }));

const reader = async (url: string, topic: string): Promise<Listener> => {
  const token = await signToken(signingKey({ JWT_SECRET: SECRET }, ''), {
    ...{ sub: 'reader', scopes: [], expiresInSeconds: 600 },
  });
  const listener = await Listener.open(`${url.replace('http', 'ws')}/prod?token=${token}`);
  await listener.ask('subscribeToDeals', { topic });
  return listener;
};

/** Takes frames up to the event of that number, and gives the numbers. */
const until = async (listener: Listener, last: number): Promise<unknown[]> => {
  const numbers: unknown[] = [];
  while (numbers.at(-1) !== last) numbers.push((await listener.take(({ id }) => id !== undefined)).data['n']);
  return numbers;
};

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n);

describe('a bridge to a server', () => {
  let server: Served;
  beforeEach(async () => {
    server = await serve({ AIDEALS_API_KEYS: `bridges:${KEY}`, AIDEALS_DATA_DIR: temporary() });
  });

  it('publishes what is published on Redis, once and in order, also beside another', async () => {
    const listener = await reader(server.url, 'tv');
    const [one] = await Promise.all([bridge(deployed(server.url)), bridge(deployed(server.url))]);
    for (const n of upTo(60)) await publish('tv', { n });
    // The same bytes once more are another event.
    await publish('tv', { n: 59 });
    await publish('tv', { n: 60 });
    expect(await until(listener, 60)).toEqual([...upTo(60), 59, 60]);

    one?.child.kill('SIGKILL');
    await one?.ended;
    for (const n of upTo(20, 100)) await publish('tv', { n });
    expect(await until(listener, 119)).toEqual(upTo(20, 100));
    listener.end();
  });

  it('goes on where the deployment was away, and says so', async () => {
    const env = { AIDEALS_API_KEYS: `bridges:${KEY}`, AIDEALS_DATA_DIR: temporary() };
    const first = await serve(env);
    const running = await bridge({ ...broker(), AIDEALS_API_KEY: KEY, AIDEALS_HTTP_URL: first.url });
    first.child.kill('SIGKILL');
    await first.ended;
    for (const n of upTo(10)) await publish('tv', { n });
    await running.seen('stderr', /^aideals bridge: not taken, and tried again: /mu);
    const second = await serve({ ...env, PORT: first.port });
    const token = await signToken(signingKey({ JWT_SECRET: SECRET }, ''), {
      ...{ sub: 'late', scopes: [], expiresInSeconds: 600 },
    });
    // Whoever asks for what is retained sees it, however soon the bridge was.
    const listener = await Listener.open(`${second.url.replace('http', 'ws')}/prod?token=${token}`);
    await publish('tv', { n: 10 });
    await listener.ask('subscribeToDeals', { topic: 'tv', lastEventId: 'before-0' });
    expect(await until(listener, 10)).toEqual(upTo(11));
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/published 11, already published 0, refused 0, given up 0, waiting 0\n$/u),
    });
    listener.end();
  });

  it('says what was no event and what was refused, and nothing of what it said', async () => {
    const listener = await reader(server.url, 'tv');
    const running = await bridge(deployed(server.url));
    await publisher.publish('aideals:tv', 'a hidden word');
    await publish('tv', { hidden: 'word' }, 'pong');
    await publish('tv', { n: 1 });
    expect(await until(listener, 1)).toEqual([1]);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 message on Redis not understood; the last one: is not a JSON object/u);
    expect(stderr).toMatch(/1 message on Redis not understood; the last one: type: is one of the server’s own/u);
    expect(stderr).not.toMatch(/hidden/u);
    listener.end();
  });

  it.each([
    ['no Redis', { REDIS_HOST: '' }, [], 2, /REDIS_HOST: names the Redis on which others publish/u],
    ['a port that is none', { REDIS_PORT: 'x' }, [], 2, /REDIS_PORT: must be a whole number/u],
    [
      'another password',
      { REDIS_PASSWORD: 'other' },
      [],
      2,
      /REDIS_PASSWORD: redis:\S+ refuses the user or the password/u,
    ],
    ['TLS where there is none', { REDIS_SSL: '1' }, [], 2, /REDIS_SSL: rediss:\S+ does not answer in TLS/u],
    ['a prefix with a colon', { AIDEALS_REDIS_PREFIX: 'a:b' }, [], 2, /AIDEALS_REDIS_PREFIX: must be/u],
    ['a key that is none', { AIDEALS_API_KEY: 'other' }, [], 1, /lets nobody publish with these credentials: 401/u],
    ['another address', { AIDEALS_HTTP_URL: 'ftp://x' }, [], 2, /give an address that begins with http/u],
    ['nobody there', { AIDEALS_HTTP_URL: 'http://127.0.0.1:1' }, [], 1, /cannot be reached: /u],
    ['a time that is none', {}, ['--retry-for', 'soon'], 2, /--retry-for soon: give a time/u],
  ] as const)('stops with one line: %s', async (_, env, args, code, line) => {
    const end = await aideals(['bridge', ...args], { ...deployed(server.url), ...env });
    expect(end.stderr).toMatch(line);
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
    expect(end.stderr).not.toContain(PASSWORD);
    expect(end.code).toBe(code);
  });

  it('stops where something else answers', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('nothing'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const end = await aideals(['bridge'], deployed(url));
    other.close();
    expect(end.stderr).toMatch(/is no aideals deployment: it answered 404 to POST \/v1\/broadcast\n$/u);
  });
});

it('publishes at functions, which hear no Redis, once beside another', async () => {
  const bundles = temporary();
  await promisify(execFile)(process.execPath, [BUNDLE, '--out', bundles]);
  const gateway = start(['gateway', '--port', '0', '--bundles', bundles], { JWT_SECRET: SECRET });
  const [, url = ''] = await gateway.seen('stdout', /^aideals is ready, as it is on AWS, at (http:\S+)$/mu);
  const listener = await reader(url, 'tv');
  await Promise.all([bridge(deployed(url)), bridge(deployed(url))]);
  for (const n of upTo(10)) await publish('tv', { n });
  // A push may come twice from functions, and overtake another: its id tells.
  const ids = new Map<string, unknown>();
  while (ids.size < 10) {
    const { id = '', data } = await listener.take((frame) => frame.id !== undefined);
    ids.set(id, data['n']);
  }
  expect([...ids.values()].sort((a, b) => Number(a) - Number(b))).toEqual(upTo(10));
  listener.end();
}, 120_000);
