/** Entries of a block: past this it is parted in two. */
const MOST = 256;
const LEAST = 8;

type Block = Int32Array;

/** What stands for a second bound of a run: none, or a value that each record names. */
export const NO_SECOND = -1;
export const VALUE = -2;

export interface Entry<T> {
  readonly limit: number;
  /** What stands for the record. */
  readonly token: number;
  /** The limit of the second bound, or the id of a value; nothing where the run has neither. */
  readonly second: number;
  readonly item: T;
}

/** Of all runs without lists of items. */
const NO_ITEMS: readonly never[] = [];

/**
 * Records in the order of a limit (then of what stands for them) in small blocks, so that whoever comes or goes moves one
 * block, and a look from the lowest limit on reads memory in a row. A second bound or a value, and what is found, stand
 * there as well where they are all that decides: nothing else is looked at. An entry is two words, the limit and the record, or
 * three, with the second limit or the value.
 */
export class Run<T> {
  readonly bound: number;
  /** A second bound; NO_SECOND where there is none; VALUE where a value is needed in its place. */
  readonly second: number;
  readonly width: number;
  readonly blocks: Block[] = [];
  /** By block, the items of a run that is `isSure`: what stands in it is all that is to be looked at. */
  readonly items: T[][] | undefined;
  readonly counts: number[] = [];
  #size = 0;

  constructor(bound: number, second: number, isSure: boolean) {
    this.bound = bound;
    this.second = second;
    this.width = second === NO_SECOND ? 2 : 3;
    this.items = isSure ? [] : undefined;
  }

  get size(): number {
    return this.#size;
  }

  /** What share of the records has a lower limit, more or less. */
  shareBelow(limit: number): number {
    return this.#size === 0 ? 0 : this.#blockOf(limit, -1) / this.blocks.length;
  }

  add({ limit, second, token, item }: Entry<T>): void {
    this.#size += 1;
    if (this.blocks.length === 0) this.#insertBlock(0, this.#block(LEAST), [], 0);
    let n = this.#blockOf(limit, token);
    let count = this.counts[n] as number;
    if (count === MOST) {
      n = this.#part(n, limit, token);
      count = this.counts[n] as number;
    }
    let block = this.blocks[n] as Block;
    if (count === this.#capacity(block)) {
      block = this.#resized(n, Math.min(MOST, count + (count >>> 1)));
    }
    const { width } = this;
    const at = this.#placeOf(block, count, limit, token);
    block.copyWithin((at + 1) * width, at * width, count * width);
    block[at * width] = limit;
    block[at * width + 1] = token;
    if (width === 3) block[at * width + 2] = second;
    if (at === count) this.items?.[n]?.push(item);
    else this.items?.[n]?.splice(at, 0, item);
    this.counts[n] = count + 1;
  }

  remove(limit: number, token: number): void {
    const n = this.#blockOf(limit, token);
    const block = this.blocks[n] as Block;
    const count = this.counts[n] as number;
    const at = this.#placeOf(block, count, limit, token);
    block.copyWithin(at * this.width, (at + 1) * this.width, count * this.width);
    this.items?.[n]?.splice(at, 1);
    this.#size -= 1;
    this.counts[n] = count - 1;
    this.#tidy(n);
  }

  /** The last block whose first record is not above. */
  #blockOf(limit: number, token: number): number {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.blocks[middle] as Block;
      const isAbove = !this.#isBelow(first, 0, limit, token) && !(first[0] === limit && first[1] === token);
      if (isAbove) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  #block(entries: number): Block {
    return new Int32Array(entries * this.width);
  }

  #capacity(block: Block): number {
    return block.length / this.width;
  }

  #isBelow(block: Block, n: number, limit: number, token: number): boolean {
    const at = n * this.width;
    const other = block[at] as number;
    return other < limit || (other === limit && (block[at + 1] as number) < token);
  }

  #placeOf(block: Block, count: number, limit: number, token: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBelow(block, middle, limit, token)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insertBlock(n: number, block: Block, items: readonly T[], count: number): void {
    this.blocks.splice(n, 0, block);
    this.items?.splice(n, 0, [...items]);
    this.counts.splice(n, 0, count);
  }

  #removeBlock(n: number): void {
    this.blocks.splice(n, 1);
    this.items?.splice(n, 1);
    this.counts.splice(n, 1);
  }

  #resized(n: number, entries: number): Block {
    const block = this.#block(entries);
    block.set((this.blocks[n] as Block).subarray(0, (this.counts[n] as number) * this.width));
    this.blocks[n] = block;
    return block;
  }

  /** Parts a full block, and tells which part takes a record. What comes in order leaves full blocks behind. */
  #part(n: number, limit: number, token: number): number {
    const block = this.blocks[n] as Block;
    const isLast = n === this.blocks.length - 1 && this.#isBelow(block, MOST - 1, limit, token);
    if (isLast) {
      this.#insertBlock(n + 1, this.#block(LEAST), [], 0);
      return n + 1;
    }
    const half = MOST / 2;
    const upper = this.#block(MOST);
    upper.set(block.subarray(half * this.width));
    const items = this.items?.[n] ?? NO_ITEMS;
    this.counts[n] = half;
    // Lists that were copied keep room for no more than they hold.
    this.items?.splice(n, 1, items.slice(0, half));
    this.#insertBlock(n + 1, upper, items.slice(half), half);
    return this.#isBelow(upper, 0, limit, token) ? n + 1 : n;
  }

  /** Gives back the memory of those who went. */
  #tidy(n: number): void {
    const count = this.counts[n] as number;
    const next = this.counts[n + 1];
    if (count === 0) this.#removeBlock(n);
    else if (next !== undefined && count + next <= MOST / 2) {
      const block = this.#resized(n, MOST);
      block.set((this.blocks[n + 1] as Block).subarray(0, next * this.width), count * this.width);
      this.items?.splice(n, 1, [...(this.items[n] ?? NO_ITEMS), ...(this.items[n + 1] ?? NO_ITEMS)]);
      this.counts[n] = count + next;
      this.#removeBlock(n + 1);
    } else {
      const room = this.#capacity(this.blocks[n] as Block);
      if (room > LEAST * 2 && count * 4 <= room) this.#resized(n, count * 2);
    }
  }
}
