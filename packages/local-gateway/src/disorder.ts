import { seeded } from './chance.js';

/** What AWS does now and then, as shares of 1. Each may be changed while it runs. */
export interface DisorderRates {
  /** Invocations begin and end in an order that is not that of their messages. */
  shuffle: boolean;
  /** `$disconnect` is not invoked at all. */
  lostDisconnects: number;
  /** `$disconnect` is invoked long after. */
  lateDisconnects: number;
  /** An `Event` is run twice. */
  duplicateEvents: number;
  /** Calls of `@connections` that are refused with 429, whatever the quota. */
  refusedCalls: number;
  /** Invocations for which a new instance is started, which serves no other. */
  coldStarts: number;
}

export const order: DisorderRates = {
  shuffle: false,
  lostDisconnects: 0,
  lateDisconnects: 0,
  duplicateEvents: 0,
  refusedCalls: 0,
  coldStarts: 0,
};

const LATEST_MS = 90_000;

/** Decides what goes wrong, by a seed. */
export class Disorder {
  readonly rates: DisorderRates;
  readonly #chance: () => number;
  readonly #shuffled: (() => void)[] = [];
  #isMixing = false;

  constructor(rates: Partial<DisorderRates> = {}, seed = 1) {
    this.rates = { ...order, ...rates };
    this.#chance = seeded(seed);
  }

  happens(what: Exclude<keyof DisorderRates, 'shuffle'>): boolean {
    const rate = this.rates[what];
    return rate > 0 && this.#chance() < rate;
  }

  /** Milliseconds by which a late `$disconnect` is late. */
  lateness(): number {
    return Math.floor(this.#chance() * LATEST_MS);
  }

  /** Resolves at once in good order; else after some turns of the event loop, whoever came first. */
  async turn(): Promise<void> {
    if (!this.rates.shuffle) return;
    await new Promise<void>((resolve) => {
      this.#shuffled.push(resolve);
      this.#mix();
    });
  }

  #mix(): void {
    if (this.#isMixing) return;
    this.#isMixing = true;
    setImmediate(() => {
      this.#isMixing = false;
      // Some stay for another turn, so that those who come later may overtake.
      const leaving = Math.ceil(this.#shuffled.length * this.#chance());
      for (let n = 0; n < leaving; n += 1) {
        const at = Math.floor(this.#chance() * this.#shuffled.length);
        for (const go of this.#shuffled.splice(at, 1)) go();
      }
      if (this.#shuffled.length > 0) this.#mix();
    });
  }
}
