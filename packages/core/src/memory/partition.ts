import type { QueryOptions } from '../ports/index.js';
import type { HeapNode } from './heap.js';
import { compareBytes } from './keys.js';

/** A row as it is kept: the body as JSON text, so that nobody can change it from outside. `at` is its expiry in Unix seconds. */
export interface StoredRow extends HeapNode {
  readonly pk: string;
  readonly sk: string;
  readonly text: string;
  readonly version: number;
}

/** The rows under one partition key, in the order of their sort keys. */
export class Partition {
  readonly #rows = new Map<string, StoredRow>();
  readonly #order: string[] = [];

  get size(): number {
    return this.#rows.size;
  }

  get(sk: string): StoredRow | undefined {
    return this.#rows.get(sk);
  }

  set(row: StoredRow): void {
    if (!this.#rows.has(row.sk)) this.#order.splice(this.#from(row.sk), 0, row.sk);
    this.#rows.set(row.sk, row);
  }

  delete(sk: string): void {
    if (this.#rows.delete(sk)) this.#order.splice(this.#from(sk), 1);
  }

  *range({ after, before, reverse = false }: QueryOptions): Generator<StoredRow> {
    let first = after === undefined ? 0 : this.#from(after);
    if (after !== undefined && this.#order[first] === after) first += 1;
    const last = (before === undefined ? this.#order.length : this.#from(before)) - 1;
    const step = reverse ? -1 : 1;
    for (let i = reverse ? last : first; first <= i && i <= last; i += step) {
      yield this.#rows.get(this.#order[i] as string) as StoredRow;
    }
  }

  /** The index of the first sort key that is not before this one. */
  #from(sk: string): number {
    let low = 0;
    let high = this.#order.length;
    // Most rows are appended.
    if (high > 0 && compareBytes(this.#order[high - 1] as string, sk) < 0) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(this.#order[middle] as string, sk) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
