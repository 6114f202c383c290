import { limiterContract } from '@aideals/core/contract/limiter';
import { memoryLimiter } from '@aideals/core/memory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../testing/redis.js';
import { redisLimiter } from './limiter.js';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

limiterContract('Redis', async (clock) => {
  const prefix = server.nextPrefix();
  const { redis, close } = await server.node(prefix);
  return { limiter: redisLimiter({ redis, prefix, clock, isByClock: true }), close };
});

const rule = { perMinute: 60, burst: 3 };

it('counts by the clock of Redis, over all nodes', async () => {
  const prefix = server.nextPrefix();
  const clock = { now: () => 0 };
  const [one, other] = await Promise.all(
    [1, 2].map(async () => redisLimiter({ redis: (await server.node(prefix)).redis, prefix, clock })),
  );
  expect(await one?.take('k', 2, rule)).toMatchObject({ ok: true });
  expect(await other?.take('k', 1, rule)).toMatchObject({ ok: true });
  expect(await other?.take('k', 3, rule)).toMatchObject({ ok: false });
});

it('goes on with buckets of its own where Redis is away', async () => {
  const clock = { now: () => 1_000 };
  const redis = { send: () => Promise.reject(new Error('away')) };
  const limiter = redisLimiter({ redis, prefix: 'x', clock });
  const own = memoryLimiter(clock);
  for (let n = 0; n < 5; n += 1) expect(await limiter.take('k', 1, rule)).toEqual(own.take('k', 1, rule));
});
