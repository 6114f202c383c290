import { busContract } from '@aideals/core/contract/bus';
import type { LocalRedis } from '@aideals/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestBench, told } from '../testing/redis.js';
import { RedisAway } from './away.js';

const bench = new TestBench();
let server: LocalRedis;
let prefixes = 0;

beforeAll(async () => {
  server = await bench.server();
});
afterEach(() => bench.closeNodes());
afterAll(() => bench.close());

busContract('Redis', () => {
  prefixes += 1;
  const prefix = `t${prefixes}`;
  return {
    node: async () => (await bench.node({ url: server.url, prefix })).bus,
    interrupt: async () => void (await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
  };
});

const bytes = (text: string): Uint8Array => Buffer.from(text);
const away = (asked: unknown) => expect(Promise.resolve(asked)).rejects.toThrow(RedisAway);

describe('a bus on Redis', () => {
  it('keeps the subscription of who leaves and comes back before the leave is confirmed', async () => {
    const { bus } = await bench.node({ url: server.url });
    const heard = told<string>();
    const listen = (message: Uint8Array): void => heard.tell(Buffer.from(message).toString());
    await bus.subscribe('c', listen);
    for (let n = 0; n < 20; n += 1) {
      const leaving = bus.unsubscribe('c', listen);
      await Promise.all([leaving, bus.subscribe('c', listen)]);
      expect(await bus.publish('c', bytes(`m${n}`))).toBe(1);
      expect(await heard.next()).toBe(`m${n}`);
    }
  });

  it('tells that Redis is lost, refuses at once, and comes back with its subscriptions and a reset', async () => {
    const own = await bench.server();
    const { bus, state } = await bench.node({ url: own.url });
    const heard = told<string>();
    await bus.subscribe('log:a', (message) => heard.tell(Buffer.from(message).toString()));
    const leaver = (): void => undefined;
    await bus.subscribe('log:c', leaver);
    const resets = told<void>();
    bus.onReset(resets.tell);
    await own.kill();
    expect(await state()).toBeInstanceOf(Error);
    await away(bus.publish('log:a', bytes('x')));
    await away(bus.subscribe('log:b', () => undefined));
    await away(bus.subscribe('log:a', () => undefined));
    await bus.unsubscribe('log:c', leaver);
    expect(await bus.health()).toMatchObject({ ok: false });
    await own.start();
    await resets.next();
    expect(await bus.health()).toEqual({ ok: true });
    expect(await bus.publish('log:a', bytes('again'))).toBe(1);
    expect(await heard.next()).toBe('again');
    expect(await bus.publish('log:c', bytes('nobody'))).toBe(0);
  });

  it('gives a server up that stands still, and finds it again when it goes on', async () => {
    const own = await bench.server();
    const { bus, state } = await bench.node({ url: own.url });
    await bus.subscribe('c', () => undefined);
    const from = performance.now();
    own.pause();
    const asked = away(bus.publish('c', bytes('x')));
    expect(await state()).toBeInstanceOf(Error);
    await asked;
    expect(performance.now() - from).toBeLessThan(8_000);
    own.resume();
    while ((await state()) !== undefined);
    expect(await bus.publish('c', bytes('y'))).toBe(1);
  });

  it('leaves a server that is the master no more', async () => {
    const [own, other] = [await bench.server(), await bench.server()];
    const { bus, state, commands } = await bench.node({ url: own.url });
    await own.command('REPLICAOF', '127.0.0.1', String(other.port));
    await away(commands.run((client) => client.sendCommand(['SET', 'k', 'v'])));
    expect(await state()).toBeInstanceOf(Error);
    await own.command('REPLICAOF', 'NO', 'ONE');
    while ((await state()) !== undefined);
    expect(await bus.health()).toEqual({ ok: true });
  });
});
