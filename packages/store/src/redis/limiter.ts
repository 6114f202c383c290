import type { Clock, Limiter } from '@aideals/core';
import { memoryLimiter } from '@aideals/core/memory';
import { type RedisCommands, runScript, scriptOf } from './run-script.js';
import { limitScript } from './scripts.js';

const script = scriptOf(limitScript);

export interface RedisLimiterOptions {
  readonly redis: RedisCommands;
  readonly prefix: string;
  /** For the node's own buckets, which serve while Redis is away. */
  readonly clock: Clock;
  /** Tests drive the buckets in Redis by `clock` too; else Redis's own clock rules them, the same for all nodes. */
  readonly isByClock?: boolean;
}

/** A `Limiter` on Redis: one bucket for all nodes. Where Redis is away, each node goes on with buckets of its own. */
export const redisLimiter = ({ redis, prefix, clock, isByClock = false }: RedisLimiterOptions): Limiter => {
  const own = memoryLimiter(clock);
  return {
    async take(key, cost, rule) {
      const args = [cost, rule.perMinute, rule.burst].map(String);
      const now = isByClock ? String(clock.now()) : '';
      try {
        const answer = await runScript(redis, script, [`${prefix}.limit:{${key}}`], [...args, now]);
        const [ok, retryAfter] = answer as [number, number];
        return { ok: ok === 1, retryAfter };
      } catch {
        return own.take(key, cost, rule);
      }
    },
  };
};
