import { Cell } from './cell.js';
import type { Kept, Records } from './records.js';
import { Slots } from './slots.js';

/** Past this a list becomes a cell. */
const FEW = 16;

/** The records that are found by a value: one, few, or a cell of many. */
type Postings<T extends Kept> = undefined | number | readonly number[] | Cell<T>;

/** The values that filters name: how many of them do, and which are found by it. */
export class Values<T extends Kept> {
  readonly #records: Records<T>;
  readonly #postings = new Slots<Postings<T>>();
  readonly #references = new Slots<number>();
  #top = 0;

  constructor(records: Records<T>) {
    this.#records = records;
  }

  take(): number {
    const id = this.#references.take(0);
    this.#postings.take(undefined);
    if (id >= this.#top) {
      this.#top = id + 1;
      this.#records.reserve(0, this.#top);
    }
    return id;
  }

  hold(id: number): void {
    this.#references.set(id, this.#references.get(id) + 1);
  }

  /** True where nothing names the value any more: its id may be given to another. */
  release(id: number): boolean {
    const left = this.#references.get(id) - 1;
    this.#references.set(id, left);
    if (left > 0) return false;
    this.#references.give(id);
    this.#postings.give(id);
    return true;
  }

  /** How many records are found by a value. */
  count(id: number): number {
    const postings = this.#postings.get(id);
    if (postings === undefined) return 0;
    if (typeof postings === 'number') return 1;
    return postings instanceof Cell ? postings.size : postings.length;
  }

  add(id: number, address: number): void {
    const postings = this.#postings.get(id);
    if (postings instanceof Cell) postings.add(address);
    else if (postings === undefined) this.#postings.set(id, address);
    else if (typeof postings === 'number') this.#postings.set(id, [postings, address]);
    // A list is as long as what is in it: one that grows in place keeps room for more than it holds.
    else if (postings.length < FEW) this.#postings.set(id, [...postings, address]);
    else {
      const cell = new Cell(this.#records);
      for (const each of postings) cell.add(each);
      cell.add(address);
      this.#postings.set(id, cell);
    }
  }

  remove(id: number, address: number): void {
    const postings = this.#postings.get(id);
    if (postings instanceof Cell) {
      postings.remove(address);
      if (postings.size === 0) this.#postings.set(id, undefined);
    } else if (typeof postings === 'number') {
      this.#postings.set(id, undefined);
    } else if (postings !== undefined) {
      const left = postings.filter((each) => each !== address);
      this.#postings.set(id, left.length === 1 ? left[0] : left);
    }
  }

  find(id: number, bounds: readonly number[], found: T[]): void {
    const postings = this.#postings.get(id);
    if (postings === undefined) return;
    if (typeof postings === 'number') this.#records.decide(postings, found);
    else if (postings instanceof Cell) postings.find(bounds, found);
    else for (const address of postings) this.#records.decide(address, found);
  }
}
