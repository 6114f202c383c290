import type { Awaitable, Outcome } from '@aideals/core';

interface UnderWay {
  readonly pipelined: boolean;
  readonly ended: () => void;
  outcome: Outcome | undefined;
}

export interface ExchangesOptions {
  readonly start: (text: string) => Awaitable<Outcome>;
  readonly pipelined: (text: string) => boolean;
  readonly apply: (outcome: Outcome) => Awaitable<void>;
  readonly failed: (error: unknown) => void;
  /** An exchange begins; what it answers is called when it has ended. */
  readonly track: () => () => void;
}

/** The frames of one connection: begun in order, where pipelined before those before them are done; answered in order. */
export class Exchanges {
  readonly #options: ExchangesOptions;
  readonly #underWay: UnderWay[] = [];
  readonly #waiting: string[] = [];
  #applying = false;
  #stopped = false;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  /** An exchange that is no frame; frames wait for it. */
  run(start: () => Awaitable<Outcome>): void {
    this.#begin(start, false);
  }

  frame(text: string): void {
    this.#waiting.push(text);
    this.#next();
  }

  /** What is under way ends without being applied. */
  stop(): void {
    this.#stopped = true;
  }

  #next(): void {
    for (let text = this.#waiting[0]; text !== undefined && !this.#stopped; text = this.#waiting[0]) {
      const begun = text;
      const pipelined = this.#options.pipelined(begun);
      if (this.#underWay.length > 0 && !(pipelined && this.#underWay.every((one) => one.pipelined))) return;
      this.#waiting.shift();
      this.#begin(() => this.#options.start(begun), pipelined);
    }
  }

  #begin(start: () => Awaitable<Outcome>, pipelined: boolean): void {
    const underWay: UnderWay = { pipelined, ended: this.#options.track(), outcome: undefined };
    this.#underWay.push(underWay);
    void this.#watch(underWay, start);
  }

  async #watch(underWay: UnderWay, start: () => Awaitable<Outcome>): Promise<void> {
    try {
      underWay.outcome = await start();
      await this.#settle();
    } catch (error) {
      underWay.ended();
      this.#options.failed(error);
    }
  }

  async #settle(): Promise<void> {
    if (this.#applying) return;
    this.#applying = true;
    for (let first = this.#underWay[0]; first?.outcome !== undefined; first = this.#underWay[0]) {
      if (!this.#stopped) await this.#options.apply(first.outcome);
      first.ended();
      this.#underWay.shift();
    }
    this.#applying = false;
    this.#next();
  }
}
