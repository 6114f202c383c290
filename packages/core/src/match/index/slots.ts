const BITS = 12;
const SIZE = 1 << BITS;
const REST = SIZE - 1;

/** Numbered places for anything, given back and given again; it grows page by page, without a copy. */
export class Slots<T> {
  readonly #pages: (T | undefined)[][] = [];
  readonly #free: number[] = [];
  #top = 0;

  take(value: T): number {
    const place = this.#free.pop() ?? this.#top;
    if (place === this.#top) {
      if ((place & REST) === 0) this.#pages.push(new Array<T | undefined>(SIZE).fill(undefined));
      this.#top += 1;
    }
    this.set(place, value);
    return place;
  }

  get(place: number): T {
    return (this.#pages[place >>> BITS] as T[])[place & REST] as T;
  }

  set(place: number, value: T): void {
    (this.#pages[place >>> BITS] as (T | undefined)[])[place & REST] = value;
  }

  give(place: number): void {
    (this.#pages[place >>> BITS] as (T | undefined)[])[place & REST] = undefined;
    this.#free.push(place);
  }
}
