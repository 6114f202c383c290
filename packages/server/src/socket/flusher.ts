/** Something whose waiting bytes are to be written. The two marks belong to the flusher. */
export interface Flushable {
  flush(): void;
  isSoon: boolean;
  isInTurn: boolean;
}

/** How many sockets of a fan-out are written to before others get a turn of the event loop. */
const SLICE = 128;

/**
 * Decides when outboxes write. An answer is written at the end of the tick that made it; the sockets of a fan-out take
 * turns, a slice in each round of the event loop, so that a fan-out to many keeps no one's answer waiting.
 */
export class Flusher {
  #soon: Flushable[] = [];
  #inTurn: Flushable[] = [];
  #next = 0;

  readonly #flushSoon = (): void => {
    const batch = this.#soon;
    this.#soon = [];
    for (const each of batch) {
      each.isSoon = false;
      each.flush();
    }
  };

  readonly #flushSlice = (): void => {
    const end = Math.min(this.#next + SLICE, this.#inTurn.length);
    for (; this.#next < end; this.#next += 1) {
      const each = this.#inTurn[this.#next] as Flushable;
      each.isInTurn = false;
      each.flush();
    }
    if (this.#next < this.#inTurn.length) {
      setImmediate(this.#flushSlice);
      return;
    }
    this.#inTurn = [];
    this.#next = 0;
  };

  /** At the end of this tick. */
  soon(each: Flushable): void {
    if (each.isSoon) return;
    each.isSoon = true;
    if (this.#soon.push(each) === 1) process.nextTick(this.#flushSoon);
  }

  /** In its turn. */
  inTurn(each: Flushable): void {
    if (each.isInTurn) return;
    each.isInTurn = true;
    if (this.#inTurn.push(each) === 1) setImmediate(this.#flushSlice);
  }
}
