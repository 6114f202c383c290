import type { Awaitable, Continuation, Outcome } from '@aideals/core';
import type { Outbox } from './outbox.js';

export interface LongWorkOptions {
  readonly outbox: Outbox;
  /** Begins the next page when its turn has come. */
  readonly later: (run: () => void) => void;
  readonly resume: (continuation: Continuation) => Awaitable<Outcome>;
  readonly applyRecord: (outcome: Outcome) => Awaitable<void>;
  readonly applyPush: (push: NonNullable<Outcome['pushes']>[number]) => Awaitable<unknown>;
  /** Applies what comes after the pushes, but for what goes on. */
  readonly applyRest: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
  /** A page begins; what it answers is called when it has been given. */
  readonly track: () => () => void;
}

/** The replays and hand-overs of one connection: a page is read when there is room, and given as the reader reads. */
export class LongWork {
  readonly #options: LongWorkOptions;
  readonly #waiting: Continuation[] = [];
  #busy = false;
  #stopped = false;

  constructor(options: LongWorkOptions) {
    this.#options = options;
  }

  add(continuations: readonly Continuation[]): void {
    this.#waiting.push(...continuations);
    if (!this.#busy) void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when there is room, and a step has passed. */
  #room(): Promise<void> {
    const { outbox, later } = this.#options;
    return new Promise((resolve) => {
      if (outbox.hasRoom) later(resolve);
      else outbox.whenRoom(() => later(resolve));
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        await this.#room();
        if (this.#stopped) return;
        const ended = this.#options.track();
        try {
          await this.#page(next);
        } finally {
          ended();
        }
      }
    } catch (error) {
      this.#options.failed(error);
    }
    this.#busy = false;
  }

  async #page(continuation: Continuation): Promise<void> {
    const { outbox, resume, applyRecord, applyPush, applyRest } = this.#options;
    const outcome = await resume(continuation);
    if (this.#stopped) return;
    await applyRecord(outcome);
    for (const push of outcome.pushes ?? []) {
      if (!outbox.hasRoom) await this.#room();
      if (this.#stopped) return;
      await applyPush(push);
    }
    // A page is followed by its next one: replays and hand-overs come one after another.
    const { next = [], ...rest } = outcome;
    this.#waiting.unshift(...next);
    applyRest(rest);
  }
}
