/** A unit is 8 bytes: one limit, or two words. */
const PAGE_BITS = 14;
const PAGE_UNITS = 1 << PAGE_BITS;
const REST = PAGE_UNITS - 1;
const FIRST_PAGE = 256;

/** A page, as words and as limits. */
export interface Page {
  readonly words: Int32Array;
  readonly limits: Float64Array;
}

const pageOf = (units: number): Page => {
  const buffer = new ArrayBuffer(units * 8);
  return { words: new Int32Array(buffer), limits: new Float64Array(buffer) };
};

/**
 * Memory for records of a few words, outside of the heap that is collected. What is given back is given again to a record of
 * the same size; it grows page by page, without a copy of more than the first.
 */
export class Slab {
  readonly #pages: Page[] = [];
  /** By size in units: the first free record; each names the next in its first word, plus one. */
  readonly #free = new Map<number, number>();
  #top = 0;
  #capacity = 0;

  /** Bytes taken from the system. */
  get bytes(): number {
    return this.#pages.reduce((sum, { words }) => sum + words.byteLength, 0);
  }

  page(address: number): Page {
    return this.#pages[address >>> PAGE_BITS] as Page;
  }

  /** The first unit of a record on its page. */
  static unit(address: number): number {
    return address & REST;
  }

  take(units: number): number {
    const free = this.#free.get(units);
    if (free === undefined || free === 0) return this.#grow(units);
    const address = free - 1;
    this.#free.set(units, this.page(address).words[Slab.unit(address) * 2] as number);
    return address;
  }

  give(address: number, units: number): void {
    this.page(address).words[Slab.unit(address) * 2] = this.#free.get(units) ?? 0;
    this.#free.set(units, address + 1);
  }

  #grow(units: number): number {
    const rest = PAGE_UNITS - Slab.unit(this.#top);
    // A record lies on one page.
    if (units > rest) this.#top += rest;
    const address = this.#top;
    this.#top += units;
    const page = address >>> PAGE_BITS;
    if (page === this.#pages.length) {
      this.#pages.push(pageOf(page === 0 ? FIRST_PAGE : PAGE_UNITS));
      this.#capacity = page === 0 ? FIRST_PAGE : PAGE_UNITS;
    }
    if (Slab.unit(address) + units > this.#capacity) this.#enlargeFirst(Slab.unit(address) + units);
    return address;
  }

  #enlargeFirst(units: number): void {
    while (this.#capacity < units) this.#capacity *= 2;
    const page = pageOf(this.#capacity);
    page.words.set((this.#pages[0] as Page).words);
    this.#pages[0] = page;
  }
}
