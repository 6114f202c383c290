import type { BucketRule } from '@aideals/protocol';
import type { Taken } from '../ports/index.js';

const MINUTE = 60_000;
const MAX_RETRY_AFTER = 86_400;

/** A token bucket at a moment. A bucket that is not there is full. */
export interface Bucket {
  /** In 60,000ths of a token: what comes back in a millisecond is a whole number then, and nothing is rounded. */
  readonly level: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The level of a full bucket. */
export const fullLevel = (rule: BucketRule): number => rule.burst * MINUTE;

/** A bucket's level at `now`. A clock that went back takes nothing away and gives nothing. */
export const levelAt = (bucket: Bucket | undefined, rule: BucketRule, now: number): number => {
  const full = fullLevel(rule);
  if (bucket === undefined) return full;
  return Math.min(full, bucket.level + Math.max(0, now - bucket.at) * rule.perMinute);
};

/**
 * Takes `cost` tokens. A cost over the burst is served by a full bucket, which then owes the rest, so that the rate holds
 * and nothing is refused for ever. Where it is refused the bucket is as it was.
 */
export const takeFrom = (
  bucket: Bucket | undefined,
  cost: number,
  rule: BucketRule,
  now: number,
): { readonly taken: Taken; readonly bucket: Bucket } => {
  const level = levelAt(bucket, rule, now);
  const needed = Math.min(cost, rule.burst) * MINUTE;
  if (level >= needed) {
    return { taken: { ok: true, retryAfter: 0 }, bucket: { level: level - cost * MINUTE, at: now } };
  }
  const wait = Math.ceil((needed - level) / (rule.perMinute * 1000));
  return { taken: { ok: false, retryAfter: Math.min(MAX_RETRY_AFTER, wait) }, bucket: { level, at: now } };
};
