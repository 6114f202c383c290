import { ALL_DEALS, PRICE_UPDATES } from '@aideals/protocol';
import type { Bus } from '../ports/index.js';
import { channelsOf, logChannel } from './announcement.js';

const ALL = logChannel(ALL_DEALS);

type Listener = (bytes: Uint8Array) => void;

/**
 * The channels of the log that this node listens to: that of each topic on which someone here is subscribed; while one of
 * these is `all-deals`, its channel in place of the others, which it contains. New ones are confirmed before old ones are
 * left, so that nothing is missed in between.
 */
export class Channels {
  readonly #bus: Pick<Bus, 'subscribe' | 'unsubscribe'>;
  readonly #listener: Listener;
  readonly #topics = new Map<string, number>();
  readonly #confirmed = new Set<string>();
  #settling: Promise<void> | undefined;

  constructor(bus: Pick<Bus, 'subscribe' | 'unsubscribe'>, listener: Listener) {
    this.#bus = bus;
    this.#listener = listener;
  }

  /** Those that the bus has confirmed. */
  get confirmed(): readonly string[] {
    return [...this.#confirmed];
  }

  /** Someone here wants a topic. Each `retain` is ended by one `release`. */
  retain(topic: string): void {
    const count = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, count + 1);
    if (count === 0) this.settle();
  }

  release(topic: string): void {
    const count = this.#topics.get(topic) ?? 0;
    if (count > 1) this.#topics.set(topic, count - 1);
    else if (this.#topics.delete(topic)) this.settle();
  }

  /** On how many channels this node hears an event of a topic: two for a moment, where it goes from one to another. */
  hears(topic: string): number {
    let heard = 0;
    for (const channel of channelsOf(topic)) if (this.#confirmed.has(channel)) heard += 1;
    return heard;
  }

  /** Resolves when all events of a topic that is retained are heard; rejects where the bus refuses. */
  async cover(topic: string): Promise<void> {
    while (!this.#covers(topic)) await this.#settled();
  }

  /** Goes on where the bus had refused. */
  settle(): void {
    this.#settled().catch(() => undefined);
  }

  #covers(topic: string): boolean {
    return this.#confirmed.has(logChannel(topic)) || (topic !== PRICE_UPDATES && this.#confirmed.has(ALL));
  }

  #wanted(): Set<string> {
    const topics = [...this.#topics.keys()];
    const own = this.#topics.has(ALL_DEALS)
      ? topics.filter((topic) => topic === ALL_DEALS || topic === PRICE_UPDATES)
      : topics;
    return new Set(own.map(logChannel));
  }

  #settled(): Promise<void> {
    this.#settling ??= this.#change().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  /** Goes on until what is confirmed is what is wanted, which may change meanwhile. */
  async #change(): Promise<void> {
    // Whoever asks in this turn is served together.
    await undefined;
    for (;;) {
      const wanted = this.#wanted();
      const missing = [...wanted].filter((channel) => !this.#confirmed.has(channel));
      if (missing.length > 0) {
        await Promise.all(missing.map((channel) => this.#listen(channel)));
        continue;
      }
      const left = this.confirmed.filter((channel) => !wanted.has(channel));
      if (left.length === 0) return;
      for (const channel of left) this.#confirmed.delete(channel);
      await Promise.all(left.map((channel) => this.#bus.unsubscribe(channel, this.#listener)));
    }
  }

  async #listen(channel: string): Promise<void> {
    await this.#bus.subscribe(channel, this.#listener);
    this.#confirmed.add(channel);
  }
}
