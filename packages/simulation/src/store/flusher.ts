import type { Calls } from './calls.js';
import type { Disk } from './disk.js';

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const nothing = (): void => undefined;

/** Flushes a disk for all that wait, one flush after another. What is committed during a flush waits for the next. */
export class Flusher {
  readonly #disk: Disk<never>;
  readonly #calls: Calls;
  readonly #port: string;
  #waiters: Waiter[] = [];
  #busy = false;

  constructor(port: string, disk: Disk<never>, calls: Calls) {
    this.#port = port;
    this.#disk = disk;
    this.#calls = calls;
  }

  /** Resolves when a commit survives a crash. */
  after(upTo: number): Promise<void> {
    const flushed = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ upTo, resolve, reject });
    });
    // Who does not wait for it must not fail by it.
    flushed.catch(nothing);
    this.#begin();
    return flushed;
  }

  #begin(): void {
    if (this.#busy || this.#waiters.length === 0) return;
    this.#busy = true;
    this.#calls.later(() => {
      const upTo = this.#disk.commits.length;
      this.#calls.later(() => this.#done(upTo));
    });
  }

  #done(upTo: number): void {
    const served = this.#waiters.filter((waiter) => waiter.upTo <= upTo);
    this.#waiters = this.#waiters.filter((waiter) => waiter.upTo > upTo);
    this.#busy = false;
    const fault = this.#calls.strike(`${this.#port}.flush`, true);
    if (fault === undefined) this.#disk.flushed(upTo);
    for (const { resolve, reject } of served) {
      if (fault === undefined) resolve();
      else reject(fault);
    }
    this.#begin();
  }
}
