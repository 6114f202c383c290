import type { Frame } from '@aideals/core';
import { encoded } from './encoding.js';

/** The deal events of one connection that wait for the end of a replay: no more bytes of them than the bound. */
export class Hold {
  /** The offset up to which the connection has been served. */
  readonly from: number;
  /** Holds nest: how many releases are still to come. */
  depth = 1;
  readonly #bound: number;
  #frames: Frame[] = [];
  #bytes = 0;
  #overflown = false;

  constructor(from: number, bound: number) {
    this.from = from;
    this.#bound = bound;
  }

  /** Whether something was passed over: the log must be read. */
  get overflown(): boolean {
    return this.#overflown;
  }

  keep(frame: Frame): void {
    if (this.#overflown) return;
    this.#bytes += encoded(frame).length;
    if (this.#bytes <= this.#bound) {
      this.#frames.push(frame);
      return;
    }
    this.#overflown = true;
    this.#frames = [];
  }

  /** What was held and lies past an offset, in order. */
  past(offset: number): Frame[] {
    return this.#frames.filter((frame) => (frame.offset ?? 0) > offset);
  }
}
