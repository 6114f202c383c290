import { setTimeout as pause } from 'node:timers/promises';
import { type Bucket, type Clock, fullLevel, type Limiter, type Taken, takeFrom } from '@aideals/core';
import { memoryLimiter } from '@aideals/core/memory';
import { LRUCache } from 'lru-cache';
import type { DynamoClient, Item } from './client.js';
import { DynamoUnavailable } from './faults.js';
import { Queues } from './queue.js';

type BucketRule = Parameters<Limiter['take']>[2];

/** Buckets as they were when this process saw them last. */
const SEEN_BUCKETS = 20_000;

/** Clocks of nodes differ by less: a bucket that is so far ahead was filled by another node, and not before a jump. */
const SKEW_MS = 10_000;

const ATTEMPTS = 12;
const PAUSE_MS = 3;

const keyOf = (key: string): { pk: string; sk: string } => ({ pk: `limit#${key}`, sk: 'bucket' });

const bucketOf = (item: Item | undefined): Bucket | undefined =>
  item === undefined ? undefined : { level: item['level'] as number, at: item['at'] as number };

/** When a bucket is full again, and as good as none. In Unix seconds. */
const fullAt = ({ level, at }: Bucket, rule: BucketRule): number =>
  Math.ceil((at + (fullLevel(rule) - level) / rule.perMinute) / 1000);

/**
 * A `Limiter` on DynamoDB: one bucket for all nodes, changed only while it is as it was read. A node that has seen a bucket
 * tries from there; as others only take from it, what it refuses then needs no request at all. Where DynamoDB does not
 * answer, each node goes on with buckets of its own.
 */
export const dynamoLimiter = (client: DynamoClient, clock: Clock): Limiter => {
  const TableName = client.tables.aideals;
  const seen = new LRUCache<string, Bucket>({ max: SEEN_BUCKETS });
  const queues = new Queues();
  const own = memoryLimiter(clock);

  const read = async (key: string): Promise<Bucket | undefined> =>
    bucketOf(await client.get({ TableName, Key: keyOf(key) }));

  /** Whether it was still `before`. */
  const replace = async (
    key: string,
    before: Bucket | undefined,
    after: Bucket,
    rule: BucketRule,
  ): Promise<boolean> => {
    const { stored } = await client.put({
      TableName,
      Item: { ...keyOf(key), ...after, ttl: fullAt(after, rule) },
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#level = :level AND #at = :at',
            ExpressionAttributeNames: { '#level': 'level', '#at': 'at' },
            ExpressionAttributeValues: { ':level': before.level, ':at': before.at },
          }),
    });
    if (stored) seen.set(key, after);
    else seen.delete(key);
    return stored;
  };

  const take = async (key: string, cost: number, rule: BucketRule): Promise<Taken> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = seen.get(key);
      const before = known ?? (await read(key));
      const clocked = clock.now();
      const now = before !== undefined && before.at - clocked <= SKEW_MS ? Math.max(clocked, before.at) : clocked;
      const { taken, bucket } = takeFrom(before, cost, rule, now);
      // After the clock went back the bucket fills from here, not only when the old time has come again.
      const isAhead = before !== undefined && before.at > now;
      if (!taken.ok && !isAhead) {
        if (before !== undefined) seen.set(key, before);
        return taken;
      }
      if (await replace(key, before, bucket, rule)) return taken;
      if (known === undefined) await pause(Math.random() * PAUSE_MS * 2 ** Math.min(attempt, 6));
    }
    // So many take from it at once that it is as good as empty.
    return { ok: false, retryAfter: 1 };
  };

  return {
    async take(key, cost, rule) {
      try {
        return await queues.run(key, () => take(key, cost, rule));
      } catch (error) {
        if (error instanceof DynamoUnavailable) return own.take(key, cost, rule);
        throw error;
      }
    },
  };
};
