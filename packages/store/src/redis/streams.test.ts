import { type Announcement, type Clock, decodeAnnouncement, logChannel, type NewEvent } from '@aideals/core';
import { streamsContract } from '@aideals/core/contract/streams';
import { freePort } from '@aideals/local-cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestNode, type TestRedis } from '../testing/redis.js';
import { type RedisStreams, redisStreams } from './streams.js';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const clock: Clock = { now: () => 1_700_000_000_000 };
let names = 0;
const segment = (): string => {
  names += 1;
  return `s${names}`;
};

const on = async (node: TestNode, prefix: string, by = clock): Promise<RedisStreams> => {
  const { redis, channelName, isSharded } = node;
  return redisStreams({ redis, clock: by, segment, prefix, channelName, isSharded });
};

streamsContract('Redis', async (by) => {
  const prefix = server.nextPrefix();
  const node = await server.node(prefix);
  const subject = async () => ({
    streams: await on(node, prefix, by),
    /** As it is found after a restart: by another run of the server. */
    reopen: async () => {
      await node.redis.send(['HSET', `${prefix}.{log}:meta`, 'run', 'another']);
      return subject();
    },
    close: () => node.close(),
  });
  return subject();
});

const event = (topic: string, n = 0): NewEvent => ({ type: 'dealUpdate', topic, data: { n }, at: clock.now() });

/** Collects announcements; resolves when there are so many. */
const ear = async ({ bus }: TestNode, topics: readonly string[]) => {
  const heard: Announcement[] = [];
  let wake = (): void => undefined;
  for (const topic of topics) {
    await bus.subscribe(logChannel(topic), (bytes) => {
      heard.push(decodeAnnouncement(bytes) as Announcement);
      wake();
    });
  }
  return async (count: number): Promise<readonly Announcement[]> => {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return heard;
  };
};

describe('a log on Redis', () => {
  it('announces each event on its channels, with the place before it, and tells how many nodes heard', async () => {
    const prefix = server.nextPrefix();
    const [here, there] = [await server.node(prefix), await server.node(prefix)];
    const streams = await on(here, prefix);
    expect((await streams.append([event('a')])).reached).toEqual([0]);
    const heard = await ear(there, ['a', 'all-deals']);
    const { reached, ids } = await streams.append([event('b', 1), event('a', 2), event('price-updates', 3)]);
    expect(reached).toEqual([1, 2, 0]);
    expect((await heard(3)).map(({ event: { offset, data }, previous }) => [offset, previous, data])).toEqual([
      [2, 1, { n: 1 }],
      [3, 1, { n: 2 }],
      [3, 2, { n: 2 }],
    ]);
    expect((await heard(3))[0]?.event.id).toBe(ids[0]);
    expect(await streams.positions(['a', 'b', 'all-deals', 'none'].map(logChannel))).toMatchObject({
      top: 4,
      last: [3, 2, 3, 0],
    });
  });

  it('is one for all nodes', async () => {
    const prefix = server.nextPrefix();
    const logs = [await on(await server.node(prefix), prefix), await on(await server.node(prefix), prefix)] as const;
    const appended = await Promise.all(
      Array.from({ length: 200 }, (_, n) => logs[n % 2 === 0 ? 0 : 1].append([event('a', n)])),
    );
    expect(appended.flatMap(({ offsets }) => offsets).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    const [one, other] = await Promise.all(logs.map((log) => log.read({ after: 0, limit: 1_000 })));
    expect(one).toEqual(other);
    const first = await logs[0].append([event('a')], { key: 'k', digest: 'd' });
    expect(await logs[1].append([event('a')], { key: 'k', digest: 'd' })).toMatchObject({
      ids: first.ids,
      replayed: true,
    });
  });

  it('takes a message that all nodes hear as often as it was published', async () => {
    const prefix = server.nextPrefix();
    const nodes = await Promise.all([1, 2, 3].map(async () => on(await server.node(prefix), prefix)));
    const calls = [0, 0, 0];
    const hear = async (n: number): Promise<number | undefined> => {
      calls[n] = (calls[n] as number) + 1;
      const heard = { digest: 'd', until: Number.MAX_SAFE_INTEGER, event: event('a') };
      return (await nodes[n]?.take(`node${n}`, calls[n] as number, [heard]))?.taken;
    };
    expect([await hear(0), await hear(1), await hear(2)]).toEqual([1, 0, 0]);
    // Again: a node is faster this time, and one is gone.
    expect([await hear(2), await hear(0), await hear(0)]).toEqual([1, 0, 1]);
    expect(await nodes[0]?.top()).toBe(3);
  });

  it('begins a segment where the server was started again, and another where it forgot everything', async () => {
    const own = await startRedis();
    try {
      let back = (): void => undefined;
      const isBack = new Promise<void>((resolve) => {
        back = resolve;
      });
      const node = await own.node('x', (failure) => failure === undefined && back());
      const streams = await on(node, 'x');
      const { ids } = await streams.append([event('a'), event('a')]);
      await own.server.restart('stop');
      await isBack;
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 2 });
      const after = await streams.append([event('a')]);
      expect(after.offsets).toEqual([3]);
      expect(after.ids[0]?.split('-')[0]).not.toBe(ids[0]?.split('-')[0]);
      await own.server.flush();
      expect(await streams.locate(ids[1] as string)).toEqual({ after: 0, lost: { reason: 'epoch', oldest: null } });
      const fresh = await streams.append([event('a')]);
      expect(fresh.offsets).toEqual([1]);
      expect(await streams.locate(after.ids[0] as string)).toMatchObject({ lost: { reason: 'epoch' } });
    } finally {
      await own.stop();
    }
  });

  it('tells the lost tail of a master that died as epoch, and gives none of its ids again', async () => {
    const [master, replica] = [await startRedis(['--repl-diskless-sync-delay', '0']), await startRedis()];
    try {
      const streams = await on(await master.node('x'), 'x');
      const kept = await streams.append([event('a', 1), event('a', 2), event('a', 3)]);
      await replica.server.command('REPLICAOF', master.server.host, String(master.server.port));
      while (!/master_link_status:up/u.test(String(await replica.server.command('INFO', 'replication'))));
      await master.server.command('WAIT', '1', '0');
      // It takes over while the master still serves.
      await replica.server.command('REPLICAOF', 'NO', 'ONE');
      const lost = await streams.append([event('a', 4), event('a', 5)], { key: 'k', digest: 'd' });
      expect(lost.offsets).toEqual([4, 5]);
      await master.server.kill();

      const next = await on(await replica.node('x'), 'x');
      expect(await next.top()).toBe(3);
      for (const [i, id] of kept.ids.entries()) expect(await next.locate(id)).toEqual({ after: i + 1 });
      const all = { after: 0, lost: { reason: 'epoch', oldest: kept.ids[0] } };
      for (const id of lost.ids) expect(await next.locate(id)).toEqual(all);
      // The key went with the tail, so it is no repetition.
      const anew = await next.append([event('a', 4), event('a', 5)], { key: 'k', digest: 'd' });
      expect(anew).toMatchObject({ offsets: [4, 5], replayed: false });
      for (const id of anew.ids) expect(lost.ids).not.toContain(id);
      for (const id of lost.ids) expect(await next.locate(id)).toEqual(all);
    } finally {
      await replica.stop();
      await master.stop();
    }
  });

  it('announces by shard where the server is a cluster', async () => {
    const own = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]);
    try {
      await own.server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      while (!/cluster_state:ok/u.test(String(await own.server.command('CLUSTER', 'INFO'))));
      const [here, there] = [await own.node('x'), await own.node('x')];
      const streams = await on(here, 'x');
      const heard = await ear(there, ['all-deals']);
      expect(await streams.append([event('b', 1)], { key: 'k', digest: 'd' })).toMatchObject({ reached: [1] });
      const message = { digest: 'd', until: Number.MAX_SAFE_INTEGER, event: event('a', 2) };
      expect(await streams.take('node', 1, [message])).toMatchObject({ taken: 1 });
      expect((await heard(2)).map(({ event: { offset } }) => offset)).toEqual([1, 2]);
      expect(await streams.trim({ before: 0, keep: 1, limit: 10 })).toBe(false);
      expect(await streams.read({ after: 1, topic: 'a', limit: 10 })).toMatchObject({ end: 2, covered: true });
    } finally {
      await own.stop();
    }
  });

  it('stores nothing that it refused, and says so where Redis is away', async () => {
    const own = await startRedis();
    try {
      const node = await own.node('x');
      const streams = await on(node, 'x');
      await own.server.kill();
      await expect(Promise.resolve(streams.append([event('a')]))).rejects.toThrow('Redis is out of reach');
    } finally {
      await own.stop();
    }
  });
});
