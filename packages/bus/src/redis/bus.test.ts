import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busContract } from '@aideals/core/contract/bus';
import { LocalRedis } from '@aideals/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressOf } from './address.js';
import { openRedis, type RedisNode } from './open.js';

let folder: string;
let redis: LocalRedis;
const nodes: RedisNode[] = [];
let prefixes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-bus-'));
  redis = await LocalRedis.start({ folder, password: 'a password' });
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  for (const node of nodes.splice(0)) node.close();
});

const settings = { url: undefined, host: '127.0.0.1', password: 'a password', username: undefined, ssl: false };

const node = async (
  prefix: string,
  over: object = {},
  onState: (e?: Error) => void = () => undefined,
): Promise<RedisNode> => {
  const address = addressOf({ ...settings, port: redis.port, prefix, ...over });
  if (address === undefined) throw new Error('no address');
  const opened = await openRedis({ address, prefix, onError: () => undefined, onState });
  nodes.push(opened);
  return opened;
};

busContract('Redis', () => {
  prefixes += 1;
  const prefix = `t${prefixes}`;
  return { node: async () => (await node(prefix)).bus };
});

describe('a bus on Redis', () => {
  it('refuses to start with one line that names the setting', async () => {
    await expect(node('x', { password: 'another' })).rejects.toThrow(/^REDIS_PASSWORD: .*refuses/u);
    await expect(node('x', { password: undefined })).rejects.toThrow(/^REDIS_PASSWORD: .*wants a password/u);
    await expect(node('x', { port: 1 })).rejects.toThrow(
      /^REDIS_HOST: redis:\/\/127.0.0.1:1 cannot be reached: ECONNREFUSED/u,
    );
    await expect(node('x', { ssl: true })).rejects.toThrow(/^REDIS_SSL: .*does not answer in TLS/u);
    await expect(node('x', { url: 'http://x' })).rejects.toThrow(/^AIDEALS_REDIS_URL: must be/u);
  });

  it('tells that Redis is lost, refuses at once, and comes back with its subscriptions and a reset', async () => {
    const states: (Error | undefined)[] = [];
    let wake = (): void => undefined;
    const { bus } = await node('lost', {}, (failure) => {
      states.push(failure);
      wake();
    });
    const heard: string[] = [];
    let hear = (): void => undefined;
    await bus.subscribe('log:a', (bytes) => {
      heard.push(Buffer.from(bytes).toString());
      hear();
    });
    const reset = new Promise<void>((resolve) => bus.onReset(resolve));
    await redis.kill();
    while (states.length < 1) await new Promise<void>((resolve) => (wake = resolve));
    expect(states[0]).toBeInstanceOf(Error);
    await expect(Promise.resolve(bus.publish('log:a', Buffer.from('x')))).rejects.toThrow('Redis is out of reach');
    await expect(Promise.resolve(bus.subscribe('log:b', () => undefined))).rejects.toThrow('Redis is out of reach');
    expect(await bus.health()).toMatchObject({ ok: false });
    await redis.start();
    await reset;
    const came = new Promise<void>((resolve) => (hear = resolve));
    expect(await bus.publish('log:a', Buffer.from('again'))).toBe(1);
    await came;
    expect(heard).toEqual(['again']);
    expect(await bus.health()).toEqual({ ok: true });
  });
});
