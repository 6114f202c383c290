import { channelName, type RedisAddress } from '@aideals/bus';
import type { Clock, Limiter, Streams } from '@aideals/core';
import { redisLimiter, redisStreams } from '@aideals/store/redis';
import { redisLink } from './redis-link.js';

export interface RedisParts {
  readonly address: RedisAddress;
  readonly prefix: string;
  readonly clock: Clock;
  /** A random name for a segment of the log. */
  readonly segment: () => string;
}

/** The log and the limits on Redis, where there is one. */
export const composeRedis = ({ address, prefix, clock, segment }: RedisParts) => {
  const redis = redisLink({ address, now: () => performance.now() });
  return {
    limiter: redisLimiter({ redis, prefix, clock }) satisfies Limiter,
    streams: (): Promise<Streams> =>
      redisStreams({
        ...{ redis, clock, segment, prefix },
        channelName: (channel) => channelName(prefix, channel),
        isSharded: address.kind === 'cluster',
      }),
    close: () => redis.close(),
  };
};
