import { ordered } from './ordered.js';
import { type Kept, NONE, type Records } from './records.js';
import { NO_SECOND, Run, VALUE } from './run.js';

/** No bound: the run of the records that have none. */
const UNBOUNDED = -1;
/** Below every number that an event may have for a second bound. */
const LEAST = -0x80000000;

/**
 * Many records with the same access condition, each in the run of two of its bounds, or of a bound and a value, in the order of
 * the first. Those of which nothing but these is to be looked at have runs of their own.
 */
export class Cell<T extends Kept> {
  readonly #records: Records<T>;
  /** By the bound of their order. */
  readonly #runs = new Map<number, Run<T>[]>();
  #size = 0;

  constructor(records: Records<T>) {
    this.#records = records;
  }

  get size(): number {
    return this.#size;
  }

  add(address: number): void {
    const n = this.#choose(address);
    this.#runOf(address, n).add({
      limit: this.#limitOf(address, n),
      second: this.#secondOf(address, n),
      token: address,
      item: this.#records.itemOf(address),
    });
    this.#records.sortBy(address, n);
    this.#size += 1;
  }

  remove(address: number): void {
    const n = this.#records.sortedBy(address);
    const run = this.#runOf(address, n);
    run.remove(this.#limitOf(address, n), address);
    if (run.size === 0) this.#drop(run);
    this.#size -= 1;
  }

  /** Decides on all records whose own bounds hold. `bounds` are those that the event has a number for. */
  find(bounds: readonly number[], found: T[]): void {
    for (const run of this.#runs.get(UNBOUNDED) ?? []) this.#scan(run, 1, found);
    if (this.#runs.size <= bounds.length) {
      for (const [bound, runs] of this.#runs) if (bound !== UNBOUNDED) this.#scanAll(runs, found);
      return;
    }
    for (const bound of bounds) {
      const runs = this.#runs.get(bound);
      if (runs !== undefined) this.#scanAll(runs, found);
    }
  }

  #scanAll(runs: readonly Run<T>[], found: T[]): void {
    for (const run of runs) this.#scan(run, ordered(this.#records.greatest(run.bound)), found);
  }

  #scan({ blocks, items, counts, second, width }: Run<T>, limit: number, found: T[]): void {
    const records = this.#records;
    const most = second < 0 ? 0 : ordered(records.greatest(second));
    for (let n = 0; n < blocks.length; n += 1) {
      const block = blocks[n] as Int32Array;
      const list = items?.[n];
      const end = (counts[n] as number) * width;
      for (let at = 0, i = 0; at < end; at += width, i += 1) {
        const least = block[at] as number;
        if (least > limit) return;
        let other = LEAST;
        if (second === VALUE) {
          if (!records.has(block[at + 2] as number)) continue;
        } else if (second !== NO_SECOND) {
          other = block[at + 2] as number;
          if (other > most) continue;
        }
        // A limit of the same single-precision number may still be above.
        if (list !== undefined && least < limit && other < most) found.push(list[i] as T);
        else records.decide(block[at + 1] as number, found);
      }
    }
  }

  #limitOf(address: number, n: number): number {
    return n === NONE ? 0 : ordered(this.#records.limitOf(address, n));
  }

  /** Of a record that is in the order of one bound, another one. */
  #otherOf(address: number, n: number): number {
    if (n === NONE || this.#records.boundsOf(address) < 2) return NONE;
    return n === 0 ? 1 : 0;
  }

  /** The third word of an entry. */
  #secondOf(address: number, n: number): number {
    const other = this.#otherOf(address, n);
    return other === NONE ? this.#records.valueOf(address) : ordered(this.#records.limitOf(address, other));
  }

  #boundOf(address: number, n: number): number {
    return n === NONE ? UNBOUNDED : this.#records.boundOf(address, n);
  }

  #secondKind(address: number, n: number): number {
    const other = this.#otherOf(address, n);
    if (other !== NONE) return this.#records.boundOf(address, other);
    return this.#records.valueOf(address) < 0 ? NO_SECOND : VALUE;
  }

  #runOf(address: number, n: number): Run<T> {
    const bound = this.#boundOf(address, n);
    const second = this.#secondKind(address, n);
    const runs = this.#runs.get(bound) ?? [];
    const isSure = this.#records.isShort(address);
    let run = runs.find((each) => each.second === second && (each.items !== undefined) === isSure);
    if (run === undefined) {
      run = new Run(bound, second, isSure);
      runs.push(run);
      this.#runs.set(bound, runs);
    }
    return run;
  }

  #drop(run: Run<T>): void {
    const left = this.#runs.get(run.bound)?.filter((each) => each !== run) ?? [];
    if (left.length === 0) this.#runs.delete(run.bound);
    else this.#runs.set(run.bound, left);
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
      const share = this.#shareBelow(this.#records.boundOf(address, n), this.#limitOf(address, n));
      if (share > most) {
        most = share;
        best = n;
      }
    }
    return best;
  }

  /** What share of the records in the order of a bound has a lower limit, by the largest of their runs. */
  #shareBelow(bound: number, limit: number): number {
    let largest: Run<T> | undefined;
    for (const run of this.#runs.get(bound) ?? []) {
      if (largest === undefined || run.size > largest.size) largest = run;
    }
    return largest === undefined ? 0.5 : largest.shareBelow(limit);
  }
}
