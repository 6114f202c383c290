import { setTimeout as pause } from 'node:timers/promises';
import type { HttpCaller } from '../wire/http.js';

export interface StreamOptions {
  readonly topic: string;
  /** How many things there are of which the events are new states. */
  readonly things: number;
  readonly bytes: number;
  readonly perCall: number;
}

/** Publishes numbered events, each a new state of one of some things, list after list. */
export class Stream {
  readonly #http: HttpCaller;
  readonly #options: StreamOptions;
  readonly #pad: string;
  /** How long each call took, in milliseconds. */
  readonly latencies: number[] = [];
  published = 0;

  constructor(http: HttpCaller, options: StreamOptions) {
    this.#http = http;
    this.#options = options;
    this.#pad = 'x'.repeat(options.bytes);
  }

  /** Publishes up to this number; no faster than so many a second, where that is given. */
  async until(last: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
    const { topic, things, perCall } = this.#options;
    const began = performance.now();
    const first = this.published;
    while (this.published < last) {
      const size = Math.min(perCall, last - this.published);
      const list = Array.from({ length: size }, (_, i) => {
        const n = this.published + i + 1;
        return { topic, data: { n, dealId: `d${n % things}`, pad: this.#pad } };
      });
      const sent = performance.now();
      const { status, text } = await this.#http.post('/v1/broadcast', list);
      if (status !== 200) throw new Error(`not published: ${status} ${text.slice(0, 200)}`);
      const now = performance.now();
      this.latencies.push(now - sent);
      this.published += size;
      const early = began + ((this.published - first) / perSecond) * 1000 - now;
      if (early > 0) await pause(early);
    }
  }
}

/** The value below which this share of a list lies. */
export const quantile = (list: readonly number[], share: number): number => {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};
