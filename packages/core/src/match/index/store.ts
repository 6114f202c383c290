import { type Kept, Records } from './records.js';
import { Slots } from './slots.js';
import { Values } from './values.js';

/** What the indexes of all topics share: memory is taken for all of them together, so that a small topic costs little. */
export class Store<T extends Kept> {
  readonly records = new Records<T>();
  readonly values = new Values<T>(this.records);
  readonly #bounds = new Slots<true>();
  #top = 0;

  takeBound(): number {
    const id = this.#bounds.take(true);
    if (id >= this.#top) {
      this.#top = id + 1;
      this.records.reserve(this.#top, 0);
    }
    return id;
  }

  giveBound(id: number): void {
    this.#bounds.give(id);
  }
}
