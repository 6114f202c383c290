import type { BucketRule } from '@aideals/protocol';
import { type Bucket, fullLevel, levelAt, takeFrom } from '../limits/bucket.js';
import type { Clock, Limiter, Taken } from '../ports/index.js';

/** How many buckets each take looks at, to forget those that are full again. More than it can add. */
const LOOKED_AT = 2;

interface Kept {
  readonly bucket: Bucket;
  readonly rule: BucketRule;
}

/** A `Limiter` in memory: the one of a single node. A full bucket is not kept, so it holds only who was active lately. */
export const memoryLimiter = (clock: Clock) => {
  const buckets = new Map<string, Kept>();
  let round = buckets.entries();

  const look = (now: number): void => {
    for (let i = 0; i < LOOKED_AT; i++) {
      const next = round.next();
      if (next.done) {
        round = buckets.entries();
        return;
      }
      const [key, { bucket, rule }] = next.value;
      const level = levelAt(bucket, rule, now);
      if (level >= fullLevel(rule)) buckets.delete(key);
      // After the clock went back the bucket fills from here, not only when the old time has come again.
      else if (bucket.at > now) buckets.set(key, { bucket: { level, at: now }, rule });
    }
  };

  return {
    take(key: string, cost: number, rule: BucketRule): Taken {
      const now = clock.now();
      look(now);
      const { taken, bucket } = takeFrom(buckets.get(key)?.bucket, cost, rule, now);
      buckets.set(key, { bucket, rule });
      return taken;
    },

    /** How many buckets are kept. */
    size: (): number => buckets.size,
  } satisfies Limiter & { size(): number };
};
