import type { Frame } from '@aideals/core';
import { encoded } from './encoding.js';

const COMPACT_FROM = 256;
/** Of all queues in which at most one frame waits. */
const NONE: (Frame | undefined)[] = [];

/**
 * The frames that wait for one connection, in order. A frame can be taken out of the middle by its key; an index by key is
 * made only when that is asked for, so that a connection which reads pays nothing for it.
 */
export class FrameQueue {
  /** A frame that waits alone: no list is made for it. */
  #only: Frame | undefined;
  #slots: (Frame | undefined)[] = NONE;
  #head = 0;
  #size = 0;
  #bytes = 0;
  #byKey: Map<string, number> | undefined;

  get size(): number {
    return this.#size;
  }

  /** Of the encoded frames. */
  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    if (this.#size === 0) {
      this.#only = frame;
      this.#size = 1;
      this.#bytes = encoded(frame).length;
      return;
    }
    this.#list();
    if (frame.key !== undefined) this.#byKey?.set(frame.key, this.#slots.length);
    this.#slots.push(frame);
    this.#size += 1;
    this.#bytes += encoded(frame).length;
  }

  /** The next frame to leave. */
  peek(): Frame | undefined {
    if (this.#only !== undefined) return this.#only;
    while (this.#head < this.#slots.length) {
      const frame = this.#slots[this.#head];
      if (frame !== undefined) return frame;
      this.#head += 1;
    }
    return undefined;
  }

  shift(): Frame | undefined {
    const frame = this.peek();
    if (frame === undefined) return undefined;
    if (this.#only !== undefined) {
      this.clear();
      return frame;
    }
    if (frame.key !== undefined && this.#byKey?.get(frame.key) === this.#head) this.#byKey.delete(frame.key);
    this.#slots[this.#head] = undefined;
    this.#head += 1;
    this.#removed(frame);
    return frame;
  }

  /**
   * Takes out what waits under this key, and tells how many frames that were. The first time it also takes out, of every
   * key, all but the frame that joined last.
   */
  takeOut(key: string): number {
    const before = this.#size;
    if (before === 0) return 0;
    this.#list();
    if (this.#byKey === undefined) this.#conflateAll();
    const slot = this.#byKey?.get(key);
    if (slot !== undefined) {
      this.#byKey?.delete(key);
      this.#empty(slot);
    }
    return before - this.#size;
  }

  clear(): void {
    this.#only = undefined;
    this.#slots = NONE;
    this.#head = 0;
    this.#size = 0;
    this.#bytes = 0;
    this.#byKey = undefined;
  }

  /** Puts the one that waits alone into a list. */
  #list(): void {
    if (this.#only === undefined) return;
    this.#slots = [this.#only];
    this.#only = undefined;
  }

  #empty(slot: number): void {
    const frame = this.#slots[slot];
    if (frame === undefined) return;
    this.#slots[slot] = undefined;
    this.#removed(frame);
  }

  #conflateAll(): void {
    const last = this.#index();
    this.#byKey = last;
    const older = this.#slots.flatMap((frame, slot) =>
      frame?.key !== undefined && last.get(frame.key) !== slot ? [slot] : [],
    );
    // Emptied before any compaction, which would move the slots.
    for (const slot of older) {
      const frame = this.#slots[slot] as Frame;
      this.#slots[slot] = undefined;
      this.#size -= 1;
      this.#bytes -= encoded(frame).length;
    }
  }

  #removed(frame: Frame): void {
    this.#size -= 1;
    this.#bytes -= encoded(frame).length;
    if (this.#size === 0) this.clear();
    else if (this.#slots.length > COMPACT_FROM && this.#size * 2 < this.#slots.length) this.#compact();
  }

  /** Drops the empty slots, so that a reader which stands still while one key goes on changing holds no more than its frames. */
  #compact(): void {
    this.#slots = this.#slots.filter((frame) => frame !== undefined);
    this.#head = 0;
    if (this.#byKey !== undefined) this.#byKey = this.#index();
  }

  #index(): Map<string, number> {
    const byKey = new Map<string, number>();
    for (let slot = this.#head; slot < this.#slots.length; slot += 1) {
      const key = this.#slots[slot]?.key;
      if (key !== undefined) byKey.set(key, slot);
    }
    return byKey;
  }
}
