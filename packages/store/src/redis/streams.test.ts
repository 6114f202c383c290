import { type Announcement, type Clock, decodeAnnouncement, logChannel, type NewEvent } from '@aideals/core';
import { streamsContract } from '@aideals/core/contract/streams';
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
  const { redis, channelName } = node;
  return redisStreams({ redis, clock: by, segment, prefix, channelName });
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
    expect(await streams.positions(['a', 'b', 'all-deals', 'none'].map(logChannel))).toEqual({
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
