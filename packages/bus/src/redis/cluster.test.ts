import { busContract } from '@aideals/core/contract/bus';
import type { LocalRedis } from '@aideals/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCluster } from '../testing/cluster.js';
import { TestBench, told } from '../testing/redis.js';
import { channelName } from './bus.js';
import { keySlot } from './key-slot.js';

const bench = new TestBench();
let servers: LocalRedis[];
let prefixes = 0;

beforeAll(async () => {
  servers = await startCluster(bench, 2, true);
}, 30_000);
afterEach(() => bench.closeNodes());
afterAll(() => bench.close());

const urlOf = (some: readonly LocalRedis[]): string =>
  `redis-cluster://${some.map(({ host, port }) => `${host}:${port}`).join(',')}`;

busContract('Redis Cluster', () => {
  prefixes += 1;
  const prefix = `t${prefixes}`;
  return {
    node: async () => (await bench.node({ url: urlOf(servers), prefix })).bus,
    interrupt: async () => {
      for (const server of servers) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    },
  };
});

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Channels whose slots are on different servers. */
const apart = (prefix: string, after = 0): [string, string] => {
  const isFirst = (channel: string): boolean => keySlot(channelName(prefix, channel)) < 8_192;
  const names = Array.from({ length: 50 }, (_, n) => `user:${after + n}`);
  return [names.find(isFirst) as string, names.find((name) => !isFirst(name)) as string];
};

describe('a bus on Redis Cluster', () => {
  it('is found where one server is named that is a node of a cluster', async () => {
    const [one] = servers as [LocalRedis, LocalRedis];
    const node = await bench.node({ host: one.host, port: one.port });
    expect(node.isSharded).toBe(true);
    expect(await node.facts()).toMatchObject({ role: 'master', warnings: [] });
  });

  it('spreads channels over its servers, and hears them all', async () => {
    const node = await bench.node({ url: urlOf(servers.slice(0, 1)) });
    for (const channel of apart('x')) {
      const heard = told<Uint8Array>();
      await node.bus.subscribe(channel, heard.tell);
      expect(await node.bus.publish(channel, bytes(channel))).toBe(1);
      expect(Buffer.from(await heard.next()).toString()).toBe(channel);
    }
  });

  it('says where an address is none of a cluster', async () => {
    const single = await bench.server();
    await expect(bench.node({ url: urlOf([single]) })).rejects.toThrow(/^AIDEALS_REDIS_URL: .* is no cluster/u);
  });

  it('follows a slot to another server, and tells that something may be lost', async () => {
    const [one, other] = servers as [LocalRedis, LocalRedis];
    const { bus } = await bench.node({ url: urlOf(servers) });
    const [channel] = apart('x');
    const heard = told<Uint8Array>();
    const resets = told<void>();
    bus.onReset(resets.tell);
    await bus.subscribe(channel, heard.tell);
    const slot = String(keySlot(channelName('x', channel)));
    const [from, to] = [String(await one.command('CLUSTER', 'MYID')), String(await other.command('CLUSTER', 'MYID'))];
    await other.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await one.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    await other.command('CLUSTER', 'SETSLOT', slot, 'NODE', to);
    await one.command('CLUSTER', 'SETSLOT', slot, 'NODE', to);
    await resets.next();
    expect(await bus.publish(channel, bytes('moved'))).toBe(1);
    expect(Buffer.from(await heard.next()).toString()).toBe('moved');
    await bus.unsubscribe(channel, heard.tell);
    expect(await bus.publish(channel, bytes('nobody'))).toBe(0);
  });

  it('goes on with the replica of a master that died', async () => {
    const [master, other, replica] = servers as [LocalRedis, LocalRedis, LocalRedis];
    const { bus, commands, state } = await bench.node({ url: urlOf([master, other]) });
    const channels = [...apart('x', 100), 'log:all-deals'];
    const heard = told<string>();
    const resets = told<void>();
    bus.onReset(resets.tell);
    for (const channel of channels)
      await bus.subscribe(channel, (message) => heard.tell(Buffer.from(message).toString()));
    await master.kill();
    expect(await state()).toBeInstanceOf(Error);
    await expect(Promise.resolve(bus.publish(channels[0] as string, bytes('x')))).rejects.toThrow('out of reach');
    await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await resets.next();
    expect(commands.isUp).toBe(true);
    for (const channel of channels) {
      expect(await bus.publish(channel, bytes(channel))).toBe(1);
      expect(await heard.next()).toBe(channel);
    }
  });
});
