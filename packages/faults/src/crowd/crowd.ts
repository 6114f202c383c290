import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { Interest } from '../history/history.js';
import { poll, SETTLE_MS } from '../waiting.js';
import type { Host } from '../wire/peer.js';
import { Backend, type PublisherOptions, SHOPS, TOPICS } from './backend.js';
import { Guest } from './guest.js';
import { Mailer } from './mailer.js';
import { Recorder } from './recorder.js';

export interface CrowdOptions {
  readonly host: Host;
  readonly findings: Findings;
  readonly chance: Chance;
  readonly clients: number;
  /** From 0 to 1: how many of them write messages as well. */
  readonly chattingShare: number;
  readonly backends: number;
  /** Events a second of all backends together. */
  readonly eventsPerSecond: number;
  readonly pingEveryMs: number;
  /** Whether events must come in their order. */
  readonly isOrdered: boolean;
}

/** How many dial at once in the beginning. */
const DOOR = 50;
const PING_TICK_MS = 50;
const ALL_PERCENT = 10;
const FEWEST_CHATTING = 4;

const ALL: Interest = { topic: 'all-deals', shops: undefined };

const someInterest = (chance: Chance): Interest => {
  if (chance.percent(ALL_PERCENT)) return ALL;
  const first = chance.below(SHOPS.length);
  const shops = Array.from({ length: 1 + chance.below(3) }, (_, i) => SHOPS[(first + i) % SHOPS.length] as string);
  return { topic: chance.pick(TOPICS), shops: chance.percent(ALL_PERCENT) ? undefined : shops };
};

/** All who publish, subscribe and chat, and what they write down. */
export class Crowd {
  readonly recorder = new Recorder();
  readonly guests: readonly Guest[];
  readonly mailers: readonly Mailer[];
  readonly backends: readonly Backend[];
  readonly #options: CrowdOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #staying: Promise<void>[] = [];

  constructor(options: CrowdOptions) {
    const { recorder } = this;
    const { host, findings, chance, clients, chattingShare, isOrdered } = options;
    this.#options = options;
    const names = Array.from({ length: clients }, (_, i) => `guest-${i}`);
    const chatting = names.slice(0, Math.max(FEWEST_CHATTING, Math.floor(clients * chattingShare)));
    this.mailers = chatting.map((name, i) => {
      const friends = [1, 2, 3].map((step) => chatting[(i + step) % chatting.length] as string);
      return new Mailer({ name, friends, recorder, chance });
    });
    this.guests = names.map((name, i) => {
      const mailer = this.mailers[i];
      // The first sees everything, so that what is in the log is known.
      const interest = i === 0 ? ALL : someInterest(chance);
      const common = { name, interest, host, recorder, findings, chance, isOrdered };
      return new Guest(mailer === undefined ? common : { ...common, mailer });
    });
    this.backends = Array.from(
      { length: options.backends },
      (_, i) => new Backend(this.publisher(`backend-${i}`), host),
    );
  }

  /** How one of those who publish is to do it. */
  publisher(name: string): PublisherOptions {
    const { findings, chance, backends, eventsPerSecond } = this.#options;
    return { name, everyMs: (backends * 1_000) / eventsPerSecond, recorder: this.recorder, findings, chance };
  }

  /** How many are connected and subscribed. */
  get live(): number {
    return this.guests.reduce((sum, { isLive }) => sum + (isLive ? 1 : 0), 0);
  }

  /** Resolves when all have connected, as fast as they are let in. */
  async enter(): Promise<void> {
    const { guests } = this;
    for (const [i, guest] of guests.entries()) {
      this.#staying.push(guest.stay());
      await poll('clients to be let in', () => (this.live + DOOR > i ? true : undefined), SETTLE_MS);
    }
    await this.untilLive();
    const every = this.#options.pingEveryMs / guests.length;
    let next = 0;
    let due = performance.now();
    const ping = setInterval(() => {
      for (; due < performance.now(); due += every) {
        guests[next % guests.length]?.ping();
        next += 1;
      }
    }, PING_TICK_MS);
    this.#timers.push(ping);
  }

  async untilLive(): Promise<void> {
    await poll('all clients to be connected', () => (this.live === this.guests.length ? true : undefined), SETTLE_MS);
  }

  /** Begins to write messages; ends when what it gives is called. */
  chat(messagesPerSecond: number): () => void {
    const { chance } = this.#options;
    const write = setInterval(() => chance.pick(this.mailers).write(), 1_000 / messagesPerSecond);
    this.#timers.push(write);
    return () => clearInterval(write);
  }

  /** Resolves when all that was written is confirmed. */
  async untilConfirmed(): Promise<void> {
    const confirmed = (): true | undefined => {
      for (const mailer of this.mailers) mailer.write(false);
      return this.mailers.every(({ isIdle }) => isIdle) ? true : undefined;
    };
    await poll('all messages to be confirmed', confirmed, SETTLE_MS);
  }

  async leave(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.guests.map((guest) => guest.leave()));
    await Promise.all(this.#staying);
    for (const backend of this.backends) backend.close();
  }
}
