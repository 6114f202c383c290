import type { BucketRule } from '@aideals/protocol';
import type { Awaitable } from './awaitable.js';

export interface Taken {
  readonly ok: boolean;
  /** Whole seconds after which the cost will be there; 0 where it was taken. */
  readonly retryAfter: number;
}

/** Token buckets, by key. */
export interface Limiter {
  take(key: string, cost: number, rule: BucketRule): Awaitable<Taken>;
}
