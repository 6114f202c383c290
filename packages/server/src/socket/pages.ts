/** How many pages of all connections are read at once. */
const AT_ONCE = 8;

/**
 * Pages of long work (replays, hand-overs) of all connections, in turn: a few in each round of the event loop, so that
 * thousands of clients which come back at once keep no frame waiting.
 */
export class Pages {
  #waiting: (() => Promise<void> | void)[] = [];
  #running = 0;
  #isPlanned = false;

  /** Runs a page when its turn has come. The page handles its own errors. */
  add(page: () => Promise<void> | void): void {
    this.#waiting.push(page);
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned || this.#waiting.length === 0 || this.#running >= AT_ONCE) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      const free = AT_ONCE - this.#running;
      for (const page of this.#waiting.splice(0, free)) this.#run(page);
      this.#plan();
    });
  }

  #run(page: () => Promise<void> | void): void {
    this.#running += 1;
    const done = (): void => {
      this.#running -= 1;
      this.#plan();
    };
    const result = page();
    if (result instanceof Promise) result.then(done, done);
    else done();
  }
}
