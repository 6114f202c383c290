const SLACK = 1024;

/** A dense list numbered from 1 that grows at its end and is trimmed at its beginning, each in constant time. */
export class Backlog<T> {
  #items: (T | undefined)[] = [];
  #gone = 0;
  /** How many numbers lie before the first item of the array. */
  #base = 0;

  /** The number of the oldest item that is there; one past the end where there is none. */
  get begin(): number {
    return this.#base + this.#gone + 1;
  }

  /** The number of the last item that was pushed; 0 where there was none. */
  get end(): number {
    return this.#base + this.#items.length;
  }

  get size(): number {
    return this.#items.length - this.#gone;
  }

  get(number: number): T | undefined {
    return number < this.begin ? undefined : this.#items[number - this.#base - 1];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): void {
    if (this.size === 0) return;
    this.#items[this.#gone] = undefined;
    this.#gone += 1;
    if (this.#gone >= SLACK && this.#gone * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#gone);
      this.#base += this.#gone;
      this.#gone = 0;
    }
  }

  /** The number of the first item for which this holds, in a list where it holds for all behind it; past the end where it holds for none. */
  firstWhere(holds: (item: T) => boolean): number {
    let low = this.begin;
    let high = this.end + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(this.get(middle) as T)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
