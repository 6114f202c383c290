/** Time that passes when all that could happen has: what waits for it is real code, and a minute takes no minute. */
export class VirtualTime {
  readonly #due = new Map<number, (() => void)[]>();
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now = (): number => this.#now;

  /** In whole milliseconds, at least one. */
  pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const at = this.#now + Math.max(1, Math.round(ms));
      const list = this.#due.get(at);
      if (list === undefined) this.#due.set(at, [resolve]);
      else list.push(resolve);
    });

  /** Lets time pass until the work is done. Throws where it waits for something that is not of this time. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    for (;;) {
      // All microtasks, and all that follows of them.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return work;
      if (this.#due.size === 0) throw new Error('the work waits for something that never comes');
      do this.#now += 1;
      while (!this.#due.has(this.#now));
      const list = this.#due.get(this.#now) ?? [];
      this.#due.delete(this.#now);
      for (const resolve of list) resolve();
    }
  }
}
