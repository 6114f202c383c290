import { type Awaitable, type Continuation, joined, type Outcome } from '@aideals/core';
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
  #waiting: Continuation[] = [];
  #busy = false;
  #stopped = false;
  #held: Promise<void> | undefined;
  #blocked: Promise<void> | undefined;
  #unblock: () => void = () => undefined;
  #inPage = false;
  #onPageEnd: () => void = () => undefined;
  #goOn: () => void = () => undefined;

  constructor(options: LongWorkOptions) {
    this.#options = options;
  }

  add(continuations: readonly Continuation[]): void {
    this.#waiting = joined(this.#waiting, continuations);
    if (!this.#busy) void this.#run();
  }

  get isIdle(): boolean {
    return !this.#busy;
  }

  /** Begins no page until `goOn`; resolves when the one under way has been given, or is held. */
  async pause(): Promise<void> {
    this.#blocked = new Promise((resolve) => {
      this.#unblock = resolve;
    });
    if (!this.#inPage || this.#held !== undefined || this.#stopped) return;
    await new Promise<void>((resolve) => {
      this.#onPageEnd = resolve;
    });
  }

  goOn(): void {
    this.#blocked = undefined;
    this.#unblock();
  }

  /** Nothing is given while the token of the connection is expired. */
  hold(isHeld: boolean): void {
    if (isHeld) {
      this.#held ??= new Promise((resolve) => {
        this.#goOn = resolve;
      });
      this.#onPageEnd();
      return;
    }
    this.#held = undefined;
    this.#goOn();
  }

  stop(): void {
    this.#stopped = true;
    this.#goOn();
    this.goOn();
    this.#onPageEnd();
  }

  /** Resolves when there is room, and a step has passed. */
  #room(): Promise<void> {
    const { outbox, later } = this.#options;
    return new Promise((resolve) => {
      if (outbox.hasRoom) later(resolve);
      else outbox.whenRoom(() => later(resolve));
    });
  }

  /** There is room, and the token is good. */
  async #free(): Promise<void> {
    while (this.#held !== undefined && !this.#stopped) await this.#held;
    await this.#room();
    while (this.#held !== undefined && !this.#stopped) await this.#held;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      for (;;) {
        await this.#free();
        while (this.#blocked !== undefined) await this.#blocked;
        if (this.#stopped) return;
        const next = this.#waiting.shift();
        if (next === undefined) break;
        const ended = this.#options.track();
        this.#inPage = true;
        try {
          await this.#page(next);
        } finally {
          this.#inPage = false;
          this.#onPageEnd();
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
      if (!outbox.hasRoom || this.#held !== undefined) await this.#free();
      if (this.#stopped) return;
      await applyPush(push);
    }
    // A page is followed by its next one: replays and hand-overs come one after another.
    const { next = [], ...rest } = outcome;
    this.#waiting.unshift(...next);
    applyRest(rest);
  }
}
