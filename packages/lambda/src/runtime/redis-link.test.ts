import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalRedis } from '@aideals/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { composeRedis } from './redis.js';
import { redisLink } from './redis-link.js';

const PASSWORD = 'a password';

let folder: string;
let redis: LocalRedis;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-redis-'));
  redis = await LocalRedis.start({ folder, password: PASSWORD });
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

const addressOf = (password = PASSWORD) => ({
  kind: 'single' as const,
  tls: false,
  nodes: [{ host: redis.host, port: redis.port }],
  username: undefined,
  password,
  database: undefined,
  master: undefined,
  setting: 'REDIS_HOST',
});

const linked = (password?: string) => {
  let ms = 0;
  const link = redisLink({ address: addressOf(password), now: () => ms });
  opened.push(link);
  return {
    link,
    /** The process is frozen for so long. */
    freeze: (seconds: number): void => {
      ms += seconds * 1_000;
    },
  };
};

describe('a link to Redis', () => {
  it('gives answers of all kinds, in the order of the questions', async () => {
    const { link } = linked();
    const answers = await Promise.all([
      link.send(['SET', 'k', 'é 😀']),
      link.send(['GET', 'k']),
      link.send(['INCRBY', 'n', '41']),
      link.send(['GET', 'none']),
      link.send(['EVAL', "return {1, 'two', {3}}", '0']),
      link.send(['SET', 'b', Buffer.alloc(100_000, 'x')]),
      link.send(['STRLEN', 'b']),
    ]);
    expect(answers).toEqual(['OK', 'é 😀', 41, null, [1, 'two', [3]], 'OK', 100_000]);
  });

  it('tells what Redis refuses in its own words', async () => {
    const { link } = linked();
    await expect(link.send(['EVALSHA', '0'.repeat(40), '0'])).rejects.toThrow(/^NOSCRIPT/u);
    await expect(linked('wrong').link.send(['PING'])).rejects.toThrow('WRONGPASS');
    expect(await link.send(['PING'])).toBe('PONG');
  });

  it('finds a server that was away while it was frozen', async () => {
    const { link, freeze } = linked();
    expect(await link.send(['PING'])).toBe('PONG');
    await redis.restart();
    freeze(60);
    expect(await link.send(['PING'])).toBe('PONG');
  });

  it('rejects where there is no server, and serves when it is back', async () => {
    const { link } = linked();
    await link.send(['PING']);
    await redis.stop();
    await expect(link.send(['PING'])).rejects.toThrow();
    await expect(link.send(['PING'])).rejects.toThrow('ECONNREFUSED');
    await redis.start();
    expect(await link.send(['PING'])).toBe('PONG');
  });
});

describe('the log and the limits on Redis', () => {
  it('are those of all processes', async () => {
    const parts = () => {
      const made = composeRedis({
        address: addressOf(),
        prefix: 'test',
        clock: { now: () => Date.now() },
        segment: () => 'seg1',
      });
      opened.push(made);
      return made;
    };
    const [one, other] = [parts(), parts()];
    const rule = { perMinute: 1, burst: 2 };
    expect([await one.limiter.take('k', 1, rule), await other.limiter.take('k', 1, rule)]).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
    expect(await one.limiter.take('k', 1, rule)).toMatchObject({ ok: false });
    const [log, same] = [await one.streams(), await other.streams()];
    const { ids } = await log.append([{ type: 'dealUpdate', topic: 't', data: { n: 1 }, at: Date.now() }]);
    expect((await same.read({ after: 0, limit: 9 })).events.map(({ id }) => id)).toEqual(ids);
  });
});
