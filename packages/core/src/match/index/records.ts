import { Slab } from './slab.js';
import { Slots } from './slots.js';

/** At most 32 filters, at most 31 of which are lists of 100: what a record says of itself fits its first two words. */
export const NONE = 63;
const EMITTED = 1;
const MULTIPLE = 2;

/** What is found. `address` is where its filters are; the index sets it. */
export interface Kept {
  address: number;
}

/** What is to be looked at of a filter once its access condition holds. */
export interface Recipe {
  /** The place of the access condition among the conditions; NONE where any event is looked at. */
  readonly access: number;
  /** Whether it is found by more than one value. */
  readonly isMultiple: boolean;
  /** Ids of bounds, and their limits: those of upper bounds with the sign turned. */
  readonly bounds: readonly number[];
  readonly limits: readonly number[];
  /** Ids of values, one of which is needed; of several a negative count stands before them. */
  readonly values: readonly number[];
}

/**
 * The filters as records of words, and what the event at hand has of what they look at.
 *
 * A record: a word with the number of bounds (6 bits), the access condition (6), the bound by which it is sorted (6) and the
 * number of words with values (13); a word with the place of its item, and two marks; the limits; the ids of the bounds; the
 * values.
 */
export class Records<T extends Kept> {
  readonly #slab = new Slab();
  readonly #items = new Slots<T>();
  /** By the id of a bound: the greatest number that the event has for it. */
  #greatest = new Float64Array(64).fill(Number.NEGATIVE_INFINITY);
  /** By the id of a value: 1 where the event has it. */
  #has = new Uint8Array(1_024);
  readonly #emitted: number[] = [];

  get bytes(): number {
    return this.#slab.bytes + this.#greatest.byteLength + this.#has.byteLength;
  }

  add({ access, isMultiple, bounds, limits, values }: Recipe, item: T): void {
    const count = bounds.length;
    const units = Records.#units(count, values.length);
    const address = this.#slab.take(units);
    const { words, limits: numbers } = this.#slab.page(address);
    const unit = Slab.unit(address);
    words[unit * 2] = count | (access << 6) | (NONE << 12) | (values.length << 18);
    words[unit * 2 + 1] = (this.#items.take(item) << 2) | (isMultiple ? MULTIPLE : 0);
    numbers.set(limits, unit + 1);
    words.set(bounds, (unit + 1 + count) * 2);
    words.set(values, (unit + 1 + count) * 2 + count);
    item.address = address;
  }

  /**
   * Whether nothing of a record is to be looked at but its bounds, of which there are two at most, or one bound at most and one
   * value.
   */
  isShort(address: number): boolean {
    const { words } = this.#slab.page(address);
    const at = Slab.unit(address) * 2;
    const head = words[at] as number;
    return (head & 63) + (head >>> 18) <= 2 && head >>> 18 <= 1 && ((words[at + 1] as number) & MULTIPLE) === 0;
  }

  /** The value that is needed beside the access condition, where that is one; below zero elsewhere. */
  valueOf(address: number): number {
    const { words } = this.#slab.page(address);
    const unit = Slab.unit(address);
    const head = words[unit * 2] as number;
    const count = head & 63;
    return head >>> 18 === 1 ? (words[(unit + 1 + count) * 2 + count] as number) : -1;
  }

  /** Whether the event has a value. */
  has(value: number): boolean {
    return this.#has[value] === 1;
  }

  itemOf(address: number): T {
    return this.#items.get((this.#slab.page(address).words[Slab.unit(address) * 2 + 1] as number) >>> 2);
  }

  /** Forgets a record. */
  remove(address: number): void {
    const { words } = this.#slab.page(address);
    const unit = Slab.unit(address);
    const head = words[unit * 2] as number;
    this.#items.give((words[unit * 2 + 1] as number) >>> 2);
    this.#slab.give(address, Records.#units(head & 63, head >>> 18));
  }

  accessOf(address: number): number {
    return ((this.#slab.page(address).words[Slab.unit(address) * 2] as number) >>> 6) & 63;
  }

  boundsOf(address: number): number {
    return (this.#slab.page(address).words[Slab.unit(address) * 2] as number) & 63;
  }

  boundOf(address: number, n: number): number {
    const { words } = this.#slab.page(address);
    const unit = Slab.unit(address);
    return words[(unit + 1 + ((words[unit * 2] as number) & 63)) * 2 + n] as number;
  }

  limitOf(address: number, n: number): number {
    return this.#slab.page(address).limits[Slab.unit(address) + 1 + n] as number;
  }

  /** Which of its bounds a record is sorted by; NONE where it is by none. */
  sortedBy(address: number): number {
    return ((this.#slab.page(address).words[Slab.unit(address) * 2] as number) >>> 12) & 63;
  }

  sortBy(address: number, n: number): void {
    const { words } = this.#slab.page(address);
    const at = Slab.unit(address) * 2;
    words[at] = ((words[at] as number) & ~(63 << 12)) | (n << 12);
  }

  /** Makes room for ids of bounds and values. */
  reserve(bounds: number, values: number): void {
    if (bounds > this.#greatest.length) {
      const grown = new Float64Array(this.#greatest.length * 2).fill(Number.NEGATIVE_INFINITY);
      grown.set(this.#greatest);
      this.#greatest = grown;
    }
    if (values > this.#has.length) {
      const grown = new Uint8Array(this.#has.length * 2);
      grown.set(this.#has);
      this.#has = grown;
    }
  }

  /** False where it was told before. */
  tell(value: number): boolean {
    if (this.#has[value] === 1) return false;
    this.#has[value] = 1;
    return true;
  }

  tellNumber(bound: number, x: number): void {
    if (x > (this.#greatest[bound] as number)) this.#greatest[bound] = x;
  }

  greatest(bound: number): number {
    return this.#greatest[bound] as number;
  }

  /** Adds the item of a record to `found` where all that is left to look at holds. */
  decide(address: number, found: T[]): void {
    const { words, limits } = this.#slab.page(address);
    const unit = Slab.unit(address);
    const head = words[unit * 2] as number;
    const count = head & 63;
    const ids = (unit + 1 + count) * 2;
    for (let i = 0; i < count; i += 1) {
      if ((this.#greatest[words[ids + i] as number] as number) < (limits[unit + 1 + i] as number)) return;
    }
    const end = ids + count + (head >>> 18);
    for (let at = ids + count; at < end; ) {
      const id = words[at] as number;
      if (id >= 0) {
        if (this.#has[id] !== 1) return;
        at += 1;
      } else {
        const last = at - id;
        at += 1;
        while (at <= last && this.#has[words[at] as number] !== 1) at += 1;
        if (at > last) return;
        at = last + 1;
      }
    }
    const item = words[unit * 2 + 1] as number;
    if ((item & MULTIPLE) !== 0) {
      if ((item & EMITTED) !== 0) return;
      words[unit * 2 + 1] = item | EMITTED;
      this.#emitted.push(address);
    }
    found.push(this.#items.get(item >>> 2));
  }

  /** Forgets the event. */
  forget(values: readonly number[], bounds: readonly number[]): void {
    for (const value of values) this.#has[value] = 0;
    for (const bound of bounds) this.#greatest[bound] = Number.NEGATIVE_INFINITY;
    for (const address of this.#emitted) {
      const { words } = this.#slab.page(address);
      const at = Slab.unit(address) * 2 + 1;
      words[at] = (words[at] as number) & ~EMITTED;
    }
    this.#emitted.length = 0;
  }

  static #units(bounds: number, values: number): number {
    return 1 + bounds + ((bounds + values + 1) >>> 1);
  }
}
