import { ordered } from './ordered.js';
import { type Kept, NONE, type Records } from './records.js';
import { Run } from './run.js';

/** No bound: the run of the records that have none. */
const UNBOUNDED = -1;

/** Many records with the same access condition, each in the run of one of its bounds. */
export class Cell {
  readonly #records: Records<Kept>;
  readonly #runs = new Map<number, Run>();
  #size = 0;

  constructor(records: Records<Kept>) {
    this.#records = records;
  }

  get size(): number {
    return this.#size;
  }

  add(address: number): void {
    const n = this.#choose(address);
    const bound = n === NONE ? UNBOUNDED : this.#records.boundOf(address, n);
    const run = this.#runs.get(bound) ?? new Run();
    this.#runs.set(bound, run);
    run.add(n === NONE ? 0 : ordered(this.#records.limitOf(address, n)), this.#records.tokenOf(address));
    this.#records.sortBy(address, n);
    this.#size += 1;
  }

  remove(address: number): void {
    const n = this.#records.sortedBy(address);
    const bound = n === NONE ? UNBOUNDED : this.#records.boundOf(address, n);
    const run = this.#runs.get(bound) as Run;
    run.remove(n === NONE ? 0 : ordered(this.#records.limitOf(address, n)), this.#records.tokenOf(address));
    if (run.size === 0) this.#runs.delete(bound);
    this.#size -= 1;
  }

  /** Decides on all records whose own bound holds. `bounds` are those that the event has a number for. */
  find<T extends Kept>(records: Records<T>, bounds: readonly number[], found: T[]): void {
    const unbounded = this.#runs.get(UNBOUNDED);
    if (unbounded !== undefined) scan(unbounded, 1, records, found);
    if (this.#runs.size <= bounds.length) {
      for (const [bound, run] of this.#runs) {
        if (bound !== UNBOUNDED) scan(run, ordered(records.greatest(bound)), records, found);
      }
      return;
    }
    for (const bound of bounds) {
      const run = this.#runs.get(bound);
      if (run !== undefined) scan(run, ordered(records.greatest(bound)), records, found);
    }
  }

  /** The bound that shuts out the most events, as far as the limits of the others tell. */
  #choose(address: number): number {
    // Whoever is found by several values stands in the order of the same bound everywhere.
    const chosen = this.#records.sortedBy(address);
    if (chosen !== NONE) return chosen;
    const count = this.#records.boundsOf(address);
    let best = NONE;
    let most = -1;
    for (let n = 0; n < count; n += 1) {
      const run = this.#runs.get(this.#records.boundOf(address, n));
      const share = run === undefined ? 0.5 : run.shareBelow(ordered(this.#records.limitOf(address, n)));
      if (share > most) {
        most = share;
        best = n;
      }
    }
    return best;
  }
}

const scan = <T extends Kept>({ blocks, counts }: Run, limit: number, records: Records<T>, found: T[]): void => {
  for (let n = 0; n < blocks.length; n += 1) {
    const block = blocks[n] as Int32Array;
    const end = (counts[n] as number) * 2;
    for (let at = 0; at < end; at += 2) {
      const least = block[at] as number;
      if (least > limit) return;
      // A limit of the same single-precision number may still be above.
      records.take(block[at + 1] as number, least < limit, found);
    }
  }
};
