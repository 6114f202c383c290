/** Pairs of a block: past this it is parted in two. */
const MOST = 256;
const LEAST = 8;

type Block = Int32Array;

const capacity = (block: Block): number => block.length >>> 1;

const isBelow = (block: Block, at: number, limit: number, token: number): boolean => {
  const other = block[at * 2] as number;
  return other < limit || (other === limit && (block[at * 2 + 1] as number) < token);
};

/**
 * Records in the order of a limit (then of what stands for them): pairs of both in small blocks, so that whoever comes or goes
 * moves one block, and a look from the lowest limit on reads memory in a row.
 */
export class Run {
  readonly blocks: Block[] = [];
  readonly counts: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What share of the records has a lower limit, more or less. */
  shareBelow(limit: number): number {
    return this.#size === 0 ? 0 : this.#blockOf(limit, -1) / this.blocks.length;
  }

  add(limit: number, token: number): void {
    this.#size += 1;
    if (this.blocks.length === 0) {
      this.#insertBlock(0, new Int32Array(LEAST * 2), 0);
    }
    let n = this.#blockOf(limit, token);
    let count = this.counts[n] as number;
    if (count === MOST) {
      n = this.#part(n, limit, token);
      count = this.counts[n] as number;
    }
    let block = this.blocks[n] as Block;
    if (count === capacity(block)) {
      block = this.#resized(n, Math.min(MOST, count + (count >>> 1)));
    }
    const at = Run.#placeOf(block, count, limit, token);
    block.copyWithin((at + 1) * 2, at * 2, count * 2);
    block[at * 2] = limit;
    block[at * 2 + 1] = token;
    this.counts[n] = count + 1;
  }

  remove(limit: number, token: number): void {
    const n = this.#blockOf(limit, token);
    const block = this.blocks[n] as Block;
    const count = this.counts[n] as number;
    const at = Run.#placeOf(block, count, limit, token);
    block.copyWithin(at * 2, (at + 1) * 2, count * 2);
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
      const isAbove = !isBelow(first, 0, limit, token) && !(first[0] === limit && first[1] === token);
      if (isAbove) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  static #placeOf(block: Block, count: number, limit: number, token: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBelow(block, middle, limit, token)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insertBlock(n: number, block: Block, count: number): void {
    this.blocks.splice(n, 0, block);
    this.counts.splice(n, 0, count);
  }

  #resized(n: number, pairs: number): Block {
    const block = new Int32Array(pairs * 2);
    block.set((this.blocks[n] as Block).subarray(0, (this.counts[n] as number) * 2));
    this.blocks[n] = block;
    return block;
  }

  /** Parts a full block, and tells which part takes a record. What comes in order leaves full blocks behind. */
  #part(n: number, limit: number, token: number): number {
    const block = this.blocks[n] as Block;
    const isLast = n === this.blocks.length - 1 && isBelow(block, MOST - 1, limit, token);
    if (isLast) {
      this.#insertBlock(n + 1, new Int32Array(LEAST * 2), 0);
      return n + 1;
    }
    const half = MOST / 2;
    const upper = new Int32Array(MOST * 2);
    upper.set(block.subarray(half * 2));
    this.counts[n] = half;
    this.#insertBlock(n + 1, upper, half);
    return isBelow(upper, 0, limit, token) ? n + 1 : n;
  }

  /** Gives back the memory of those who went. */
  #tidy(n: number): void {
    const count = this.counts[n] as number;
    const next = this.counts[n + 1];
    if (count === 0) {
      this.blocks.splice(n, 1);
      this.counts.splice(n, 1);
    } else if (next !== undefined && count + next <= MOST / 2) {
      const block = this.#resized(n, MOST);
      block.set((this.blocks[n + 1] as Block).subarray(0, next * 2), count * 2);
      this.counts[n] = count + next;
      this.blocks.splice(n + 1, 1);
      this.counts.splice(n + 1, 1);
    } else if (capacity(this.blocks[n] as Block) > LEAST * 2 && count * 4 <= capacity(this.blocks[n] as Block)) {
      this.#resized(n, count * 2);
    }
  }
}
