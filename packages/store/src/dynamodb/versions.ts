import type { Clock } from '@aideals/core';

/** Versions are counted from the time of a row's first write, in 1,024ths of a millisecond. */
const PER_MS = 1_024;

/**
 * Where the versions of a new row begin: past all that this process has seen, and by time and chance apart from those that
 * another life of the row had on any node.
 */
export class Versions {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): number {
    const now = this.#clock.now() * PER_MS + Math.floor(Math.random() * PER_MS);
    this.#last = Math.max(this.#last + 1, now);
    return this.#last;
  }

  /** Takes note of a version that DynamoDB counted. */
  saw(version: number): number {
    this.#last = Math.max(this.#last, version);
    return version;
  }
}
