import { type Awaitable, type Continuation, joined, type Outcome } from '@aideals/core';
import type { Outbox } from './outbox.js';
import type { Pages } from './pages.js';

/** Whose work it is. */
export interface LongWorkHost {
  readonly outbox: Outbox;
  /** Reads the next page. */
  resume(continuation: Continuation): Awaitable<Outcome>;
  /** Applies a part of a page's outcome: its record, one of its pushes, and what comes after these but its next page. */
  applyRecord(outcome: Outcome): void;
  applyPush(push: NonNullable<Outcome['pushes']>[number]): void;
  applyRest(outcome: Outcome): void;
  failed(where: string, error: unknown): void;
}

/**
 * The replays and hand-overs of one connection, a page at a time. A page is read when the outbox is below its soft mark, and
 * given frame by frame as the peer reads: however long the work and however slow the reader, no more than a page waits.
 */
export class LongWork {
  readonly #host: LongWorkHost;
  readonly #pages: Pages;
  #waiting: Continuation[] = [];
  /** What goes on when the work may go on. */
  #held: (() => void) | undefined;
  #isBusy = false;
  /** An exchange is served between two pages. */
  #isBlocked = false;
  #onPageEnd: (() => void) | undefined;
  #isHeld: boolean;
  #isStopped = false;

  constructor(host: LongWorkHost, pages: Pages, isHeld: boolean) {
    this.#host = host;
    this.#pages = pages;
    this.#isHeld = isHeld;
  }

  add(continuations: readonly Continuation[]): void {
    this.#waiting = joined(this.#waiting, continuations);
    this.#next();
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#waiting.length === 0;
  }

  /**
   * Begins no page until `goOn`. Resolves when the one under way has been given; one that is held is not waited for, since
   * what ends the hold may wait behind who asks.
   */
  pause(): Awaitable<void> {
    this.#isBlocked = true;
    if (!this.#isBusy || this.#isHeld || this.#isStopped) return undefined;
    return new Promise((resolve) => {
      this.#onPageEnd = resolve;
    });
  }

  goOn(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#next();
  }

  #pageEnded(): void {
    const call = this.#onPageEnd;
    this.#onPageEnd = undefined;
    call?.();
  }

  /** Nothing is given until the hold ends: the token of the connection expired. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.#pageEnded();
    const goOn = this.#held;
    if (isHeld || goOn === undefined) return;
    this.#held = undefined;
    goOn();
  }

  /** Nothing more is read or given. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
    this.#held = undefined;
    this.#pageEnded();
  }

  #next(): void {
    if (this.#isBusy || this.#isBlocked || this.#isStopped) return;
    const continuation = this.#waiting.shift();
    if (continuation === undefined) return;
    this.#isBusy = true;
    const { outbox } = this.#host;
    const read = (): void => this.#pages.add(() => this.#read(continuation));
    if (this.#isHeld) this.#held = read;
    else if (outbox.hasRoom) read();
    else outbox.whenRoom(read);
  }

  async #read(continuation: Continuation): Promise<void> {
    if (this.#isStopped) return;
    try {
      const outcome = await this.#host.resume(continuation);
      if (this.#isStopped) return;
      this.#host.applyRecord(outcome);
      this.#give(outcome, 0);
    } catch (error) {
      this.#host.failed(`continuation ${continuation.kind}`, error);
    }
  }

  #give(outcome: Outcome, from: number): void {
    const { outbox } = this.#host;
    const pushes = outcome.pushes ?? [];
    for (let i = from; i < pushes.length; i += 1) {
      if (this.#isStopped) return;
      if (this.#isHeld) {
        this.#held = () => this.#give(outcome, i);
        return;
      }
      if (!outbox.hasRoom) {
        outbox.whenRoom(() => this.#give(outcome, i));
        return;
      }
      this.#host.applyPush(pushes[i] as (typeof pushes)[number]);
    }
    this.#isBusy = false;
    // Before what waits: one replay ends before the next one begins.
    this.#waiting.unshift(...(outcome.next ?? []));
    this.#host.applyRest(outcome);
    this.#pageEnded();
    this.#next();
  }
}
