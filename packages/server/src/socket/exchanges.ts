import type { Awaitable, Outcome } from '@aideals/core';

export interface ExchangesOptions {
  /** Begins the exchange of a frame. */
  readonly start: (text: string, bytes: number) => Awaitable<Outcome>;
  /** Whether a frame may begin while earlier ones that may too are under way. */
  readonly pipelined: (text: string) => boolean;
  readonly apply: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
  /** The number under way or waiting has come to the most, or has sunk to half of it. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly most: number;
}

interface UnderWay {
  outcome: Outcome | undefined;
}

/**
 * The frames of one connection: begun in order, answered in order. One begins when those before it are done, or, where all
 * of them are pipelined, before. An outcome that is there at once is applied at once.
 */
export class Exchanges {
  readonly #options: ExchangesOptions;
  #underWay: UnderWay[] = [];
  #waiting: { readonly text: string; readonly bytes: number }[] = [];
  #arePipelined = false;
  #isPaused = false;
  #isStopped = false;
  #idle: (() => void)[] = [];

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#underWay.length === 0 && this.#waiting.length === 0;
  }

  /** An exchange that is no frame; frames wait for it. */
  run(start: () => Awaitable<Outcome>): void {
    this.#arePipelined = false;
    this.#begin(start);
  }

  frame(text: string, bytes: number): void {
    if (this.#isStopped) return;
    if (this.#mayBegin(text)) this.#beginFrame(text, bytes);
    else this.#waiting.push({ text, bytes });
    if (!this.#isPaused && this.#count() >= this.#options.most) {
      this.#isPaused = true;
      this.#options.pause();
    }
  }

  /** Calls back when all that arrived is done. */
  whenIdle(call: () => void): void {
    if (this.isIdle) call();
    else this.#idle.push(call);
  }

  /** Begins nothing any more; what is under way ends without being applied. */
  stop(): void {
    this.#isStopped = true;
    this.#underWay = [];
    this.#waiting = [];
    this.#idle = [];
  }

  #count(): number {
    return this.#underWay.length + this.#waiting.length;
  }

  #mayBegin(text: string): boolean {
    if (this.#waiting.length > 0) return false;
    return this.#underWay.length === 0 || (this.#arePipelined && this.#options.pipelined(text));
  }

  #beginFrame(text: string, bytes: number): void {
    const { start, pipelined } = this.#options;
    const isFirst = this.#underWay.length === 0;
    this.#begin(() => start(text, bytes));
    // Asked only where it matters: most exchanges are done by now.
    if (isFirst && this.#underWay.length > 0) this.#arePipelined = pipelined(text);
  }

  #begin(start: () => Awaitable<Outcome>): void {
    let outcome: Awaitable<Outcome>;
    try {
      outcome = start();
    } catch (error) {
      this.#options.failed(error);
      return;
    }
    if (!(outcome instanceof Promise)) {
      if (this.#underWay.length === 0) this.#options.apply(outcome);
      else this.#underWay.push({ outcome });
      return;
    }
    const underWay: UnderWay = { outcome: undefined };
    this.#underWay.push(underWay);
    outcome.then(
      (done) => {
        underWay.outcome = done;
        this.#settle();
      },
      (error: unknown) => this.#options.failed(error),
    );
  }

  #settle(): void {
    if (this.#isStopped) return;
    this.#applyDone();
    for (let next = this.#waiting[0]; next !== undefined && !this.#isStopped; next = this.#waiting[0]) {
      if (this.#underWay.length > 0 && !(this.#arePipelined && this.#options.pipelined(next.text))) break;
      this.#waiting.shift();
      this.#beginFrame(next.text, next.bytes);
    }
    if (this.#isPaused && this.#count() <= this.#options.most / 2) {
      this.#isPaused = false;
      this.#options.resume();
    }
    if (!this.isIdle) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const call of idle) call();
  }

  #applyDone(): void {
    let done = 0;
    for (const { outcome } of this.#underWay) {
      if (outcome === undefined || this.#isStopped) break;
      this.#options.apply(outcome);
      done += 1;
    }
    // An outcome that closed the connection has emptied the list.
    this.#underWay.splice(0, done);
  }
}
