import type { Clock } from './clock.js';

/** What an account may ask of `@connections`, over all its APIs in the region. */
export interface Quota {
  readonly perSecond: number;
  readonly burst: number;
}

export const defaultQuota: Quota = { perSecond: 10_000, burst: 5_000 };

/** A token bucket: `burst` calls at once, and so many more each second. */
export class AccountQuota {
  readonly #clock: Clock;
  #quota: Quota;
  #tokens: number;
  #at: number;

  constructor(quota: Quota, clock: Clock) {
    this.#clock = clock;
    this.#quota = quota;
    this.#tokens = quota.burst;
    this.#at = clock.now();
  }

  /** Sets another quota, with a full bucket: to throttle on demand. */
  set(quota: Quota): void {
    this.#quota = quota;
    this.#tokens = quota.burst;
    this.#at = this.#clock.now();
  }

  /** Whether there is room for one call more. */
  take(): boolean {
    const now = this.#clock.now();
    const { perSecond, burst } = this.#quota;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
