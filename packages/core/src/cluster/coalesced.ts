interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Work that runs once for all who ask for it before it begins, never twice at a time: who asks while it runs is served by the
 * next run, since the present one may have looked before the call.
 */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Resolves when a run that begins after this call is over; rejects as it does. */
  run(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    if (!this.#isRunning) void this.#loop();
    return done;
  }

  async #loop(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const served = this.#waiting;
      this.#waiting = [];
      try {
        await this.#work();
        for (const { resolve } of served) resolve();
      } catch (error) {
        for (const { reject } of served) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
