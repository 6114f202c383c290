import type { Clock, Limiter } from '@aideals/core';
import type { BucketRule } from '@aideals/protocol';

export interface BudgetOptions {
  readonly limiter: Limiter;
  readonly rule: BucketRule;
  readonly clock: Clock;
}

const KEY = 'fanout';
/** Taken at once for small sends, so that not each of them asks the bucket. */
const AHEAD = 64;
/** What was taken ahead is good for so long: the quota's own bucket does not fill for ever either. */
const GOOD_MS = 1_000;

/** What this process may send: taken from the one bucket of the deployment. */
export class Budget {
  readonly #options: BudgetOptions;
  #left = 0;
  #goodUntil = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Whether so many may be sent now. What is granted is gone, sent or not, unless it is given back. */
  async take(count: number): Promise<boolean> {
    const { limiter, rule, clock } = this.#options;
    const now = clock.now();
    if (now >= this.#goodUntil) this.#left = 0;
    const missing = count - this.#left;
    if (missing > 0) {
      const cost = Math.max(missing, Math.min(AHEAD, rule.burst));
      if (!(await limiter.take(KEY, cost, rule)).ok) return false;
      this.#left += cost;
      this.#goodUntil = now + GOOD_MS;
    }
    this.#left -= count;
    return true;
  }

  /** Of what was taken, so many were not sent: the next ones here may be. */
  giveBack(count: number): void {
    this.#left += count;
  }
}
