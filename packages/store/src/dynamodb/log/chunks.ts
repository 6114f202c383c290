import { LRUCache } from 'lru-cache';
import { type Chunk, endOf } from './items.js';

/** An event beside its text. */
const EVENT_OVERHEAD = 64;

const sizeOf = ({ events }: Chunk): number =>
  events.reduce((size, { text }) => size + text.length + EVENT_OVERHEAD, EVENT_OVERHEAD);

/** Items of the log that were read or written lately: they never change. */
export class Chunks {
  /** The first offsets of all that are kept, in order. */
  readonly #firsts: number[] = [];
  readonly #kept: LRUCache<number, Chunk>;

  constructor(maxBytes: number) {
    this.#kept = new LRUCache<number, Chunk>({
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (_chunk, first) => this.#forget(first),
    });
  }

  add(chunk: Chunk): void {
    if (this.#kept.has(chunk.first)) return;
    const at = this.#after(chunk.first);
    this.#firsts.splice(at, 0, chunk.first);
    this.#kept.set(chunk.first, chunk);
    // One that is too large to be kept is not told as disposed of.
    if (!this.#kept.has(chunk.first)) this.#forget(chunk.first);
  }

  /** The one that holds this offset. */
  at(offset: number): Chunk | undefined {
    const first = this.#firsts[this.#after(offset) - 1];
    const chunk = first === undefined ? undefined : this.#kept.get(first);
    return chunk !== undefined && endOf(chunk) >= offset ? chunk : undefined;
  }

  /** Forgets the one that begins at this offset. */
  drop(first: number): void {
    this.#kept.delete(first);
  }

  /** How many begin at or before this offset. */
  #after(offset: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#firsts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(first: number): void {
    const at = this.#after(first) - 1;
    if (this.#firsts[at] === first) this.#firsts.splice(at, 1);
  }
}
