import type { Random } from '../random.js';

/** A change, and the time by which it was made. */
export interface Commit<Op> {
  readonly op: Op;
  readonly clock: number;
}

/**
 * The order of what was committed. A commit is seen at once; it survives a crash for sure when a flush that began after it
 * was reported, and perhaps before.
 */
export class Disk<Op> {
  readonly commits: Commit<Op>[] = [];
  #durable = 0;

  commit(op: Op, clock: number): number {
    this.commits.push({ op, clock });
    return this.commits.length;
  }

  flushed(upTo: number): void {
    this.#durable = Math.max(this.#durable, upTo);
  }

  /** Cuts off a tail that was not flushed; what is left lasts. */
  crash(random: Random): void {
    this.commits.length = random.between(this.#durable, this.commits.length);
    this.#durable = this.commits.length;
  }
}
