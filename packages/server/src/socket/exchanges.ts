import type { Awaitable, Outcome } from '@aideals/core';

/** Whose exchanges they are. An interface and no functions made for each connection: there are many connections. */
export interface ExchangesHost {
  /** Begins the exchange of a frame. */
  serve(text: string, bytes: number): Awaitable<Outcome>;
  /** Whether a frame may begin while earlier ones that may too are under way. */
  isPipelined(text: string): boolean;
  apply(outcome: Outcome): void;
  failed(where: string, error: unknown): void;
  /** The number under way or waiting has come to the most, or has sunk to half of it. */
  setReading(isReading: boolean): void;
}

interface Waiting {
  readonly text: string;
  readonly bytes: number;
}

interface UnderWay {
  outcome: Outcome | undefined;
}

/**
 * The frames of one connection: begun in order, answered in order. One begins when those before it are done, or, where all
 * of them are pipelined, before. An outcome that is there at once is applied at once.
 */
export class Exchanges {
  readonly #host: ExchangesHost;
  readonly #most: number;
  /** Lists are there only where something is in them: on most connections nothing is under way. */
  #underWay: UnderWay[] | undefined;
  #waiting: Waiting[] | undefined;
  #idle: (() => void)[] | undefined;
  #arePipelined = false;
  #isPaused = false;
  #isStopped = false;

  constructor(host: ExchangesHost, most: number) {
    this.#host = host;
    this.#most = most;
  }

  get isIdle(): boolean {
    return this.#underWay === undefined && this.#waiting === undefined;
  }

  /** An exchange that is no frame; frames wait for it. */
  run(start: () => Awaitable<Outcome>): void {
    this.#arePipelined = false;
    this.#begin(start);
  }

  frame(text: string, bytes: number): void {
    if (this.#isStopped) return;
    if (this.#mayBegin(text)) this.#beginFrame(text, bytes);
    else {
      this.#waiting ??= [];
      this.#waiting.push({ text, bytes });
    }
    if (!this.#isPaused && this.#count() >= this.#most) {
      this.#isPaused = true;
      this.#host.setReading(false);
    }
  }

  /** Calls back when all that arrived is done. */
  whenIdle(call: () => void): void {
    if (this.isIdle) call();
    else {
      this.#idle ??= [];
      this.#idle.push(call);
    }
  }

  /** Begins nothing any more; what is under way ends without being applied. */
  stop(): void {
    this.#isStopped = true;
    this.#underWay = undefined;
    this.#waiting = undefined;
    this.#idle = undefined;
  }

  #count(): number {
    return (this.#underWay?.length ?? 0) + (this.#waiting?.length ?? 0);
  }

  #mayBegin(text: string): boolean {
    if (this.#waiting !== undefined) return false;
    return this.#underWay === undefined || (this.#arePipelined && this.#host.isPipelined(text));
  }

  #beginFrame(text: string, bytes: number): void {
    const isFirst = this.#underWay === undefined;
    this.#begin(() => this.#host.serve(text, bytes));
    // Asked only where it matters: most exchanges are done by now.
    if (isFirst && this.#underWay !== undefined) this.#arePipelined = this.#host.isPipelined(text);
  }

  #begin(start: () => Awaitable<Outcome>): void {
    let outcome: Awaitable<Outcome>;
    try {
      outcome = start();
    } catch (error) {
      this.#host.failed('frame', error);
      return;
    }
    if (!(outcome instanceof Promise)) {
      if (this.#underWay === undefined) this.#host.apply(outcome);
      else this.#underWay.push({ outcome });
      return;
    }
    const underWay: UnderWay = { outcome: undefined };
    this.#underWay ??= [];
    this.#underWay.push(underWay);
    outcome.then(
      (done) => {
        underWay.outcome = done;
        this.#settle();
      },
      (error: unknown) => this.#host.failed('frame', error),
    );
  }

  #settle(): void {
    if (this.#isStopped) return;
    this.#applyDone();
    this.#beginWaiting();
    if (this.#isPaused && this.#count() <= this.#most / 2) {
      this.#isPaused = false;
      this.#host.setReading(true);
    }
    if (!this.isIdle) return;
    const idle = this.#idle ?? [];
    this.#idle = undefined;
    for (const call of idle) call();
  }

  #beginWaiting(): void {
    for (let next = this.#waiting?.[0]; next !== undefined && !this.#isStopped; next = this.#waiting?.[0]) {
      if (this.#underWay !== undefined && !(this.#arePipelined && this.#host.isPipelined(next.text))) return;
      this.#waiting?.shift();
      if (this.#waiting?.length === 0) this.#waiting = undefined;
      this.#beginFrame(next.text, next.bytes);
    }
  }

  #applyDone(): void {
    let done = 0;
    for (const { outcome } of this.#underWay ?? []) {
      if (outcome === undefined || this.#isStopped) break;
      this.#host.apply(outcome);
      done += 1;
    }
    // An outcome that closed the connection has taken the list away.
    this.#underWay?.splice(0, done);
    if (this.#underWay?.length === 0) this.#underWay = undefined;
  }
}
