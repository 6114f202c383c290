import type { BucketRule } from '@aideals/protocol';
import type { Taken } from '../ports/index.js';

/** A token bucket at a moment: `at` is Unix milliseconds. A bucket that is not there is full. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

const MINUTE = 60_000;
const MAX_RETRY_AFTER = 86_400;

/** What a bucket holds at `now`. A clock that went back takes nothing away and gives nothing. */
export const tokensAt = (bucket: Bucket | undefined, rule: BucketRule, now: number): number => {
  if (bucket === undefined) return rule.burst;
  const passed = Math.max(0, now - bucket.at);
  return Math.min(rule.burst, bucket.tokens + (passed * rule.perMinute) / MINUTE);
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
  const tokens = tokensAt(bucket, rule, now);
  const needed = Math.min(cost, rule.burst);
  if (tokens >= needed) return { taken: { ok: true, retryAfter: 0 }, bucket: { tokens: tokens - cost, at: now } };
  const wait = Math.ceil(((needed - tokens) * 60) / rule.perMinute);
  const retryAfter = Math.min(MAX_RETRY_AFTER, Math.max(1, wait));
  return { taken: { ok: false, retryAfter }, bucket: { tokens, at: now } };
};
