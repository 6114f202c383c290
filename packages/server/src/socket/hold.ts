import type { Frame } from '@aideals/core';
import { encoded } from './encoding.js';

/** The deal events of one connection that wait for the end of a replay: no more bytes of them than the bound. */
export class Hold {
  /** The offset up to which the connection has been served. */
  from: number;
  /** Holds nest: how many releases are still to come. */
  #depth = 1;
  #after = Number.POSITIVE_INFINITY;
  readonly #bound: number;
  #frames: Frame[] = [];
  #bytes = 0;
  #overflown = false;

  constructor(from: number, bound: number) {
    this.from = from;
    this.#bound = bound;
  }

  /** The connection was sent, from the log, what lies up to this offset. */
  serve(offset: number): void {
    if (offset > this.from) this.from = offset;
  }

  nest(): void {
    this.#depth += 1;
  }

  /** Ends one of the holds; true where it was the last. */
  end(after: number): boolean {
    this.#after = Math.min(this.#after, after);
    this.#depth -= 1;
    return this.#depth <= 0;
  }

  /** What lies past it is still owed to someone: the lowest offset that a release named, or what was served if that is more. */
  get after(): number {
    return Math.max(this.#after, this.from);
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

  /** Passes over what is held: it is read from the log. */
  drop(): void {
    this.#overflown = true;
    this.#frames = [];
  }

  /** What was held and is still owed, in order. */
  past(): Frame[] {
    return this.#frames.filter((frame) => (frame.offset ?? 0) > this.after);
  }
}
