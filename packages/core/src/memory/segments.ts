import type { Located, Lost } from '../ports/index.js';

/** How long an idempotency key is remembered. */
export const KEY_SECONDS = 24 * 60 * 60;

/** A stretch of the log that one owner wrote. It ends where the next one begins: offsets are dense. */
export interface Segment {
  readonly name: string;
  readonly first: number;
}

/**
 * The segments of a log, and what they tell of an id. The same for every adapter whose log has one owner at a time.
 * The list is kept as given: who stores it reads it from here.
 */
export class Segments {
  readonly #list: Segment[];

  constructor(list: readonly Segment[]) {
    this.#list = [...list];
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  /**
   * Begins a segment at this offset. One before that holds no event leaves the list: no id of it was kept by anyone but
   * from a tail that was lost, and that reads as `epoch` either way. The first stays: it names offset 0.
   */
  open(name: string, first: number): void {
    if (this.#list.length > 1 && this.#list.at(-1)?.first === first) this.#list.pop();
    this.#list.push({ name, first });
  }

  /** Forgets the oldest segments beyond `max` that end before this offset. */
  forget(begin: number, max: number): void {
    while (this.#list.length > Math.max(max, 1) && (this.#list[1] as Segment).first < begin) this.#list.shift();
  }

  idOf(offset: number): string {
    let low = 0;
    let high = this.#list.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#list[middle] as Segment).first <= offset) low = middle;
      else high = middle - 1;
    }
    return `${(this.#list[low] as Segment).name}-${offset}`;
  }

  /** Where an id lies in a log whose events are those from `begin` to `end`. */
  locate(id: string, begin: number, end: number): Located {
    const lost = (reason: Lost['reason']): Located => {
      const oldest = begin <= end ? this.idOf(begin) : null;
      return { after: begin - 1, lost: { reason, oldest } };
    };
    const dash = id.lastIndexOf('-');
    const name = id.slice(0, dash);
    const offset = Number(id.slice(dash + 1));
    const index = this.#list.findLastIndex((segment) => segment.name === name);
    if (index === -1 || !Number.isInteger(offset) || offset < 0) return lost('epoch');
    const next = this.#list[index + 1];
    if (next !== undefined && offset >= next.first) return lost('epoch');
    if (offset > end) return lost('unknown');
    if (offset + 1 < begin) return lost('retention');
    return { after: offset };
  }
}
