import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { FaultServer } from '../served/server.js';
import { Signal } from '../waiting.js';
import { type Closing, Peer } from '../wire/peer.js';

/** What a resume was told, and what it brought. */
export interface Resumed {
  readonly recovered: boolean;
  readonly lost: JsonObject | undefined;
}

/** The value of a field in a frame, without parsing the frame: there are millions. */
const after = (text: string, mark: string, end: string): string | undefined => {
  const at = text.indexOf(mark);
  return at < 0 ? undefined : text.slice(at + mark.length, text.indexOf(end, at + mark.length));
};

/**
 * A subscriber of numbered events that can stop reading. It checks that numbers grow, and that none is left out but for one
 * that was told to have made room for a newer event.
 */
export class Subscriber {
  readonly user: string;
  readonly topic: string;
  /** The number of the last event, and its id. */
  last = 0;
  cursor: string | undefined;
  received = 0;
  /** How many were told to have made room for newer ones, and how many numbers were left out. */
  conflated = 0;
  skipped = 0;
  replayed = 0;
  readonly wrong: string[] = [];
  /** Of each thing, the number of the newest that came. */
  readonly newest = new Map<string, number>();
  closing: Promise<Closing> | undefined;
  #peer: Peer | undefined;
  #confirmed = new Signal<ServerFrame>();
  #recovered = new Signal();
  #until: { readonly n: number; readonly reached: Signal } | undefined;

  constructor(user: string, topic: string) {
    this.user = user;
    this.topic = topic;
  }

  /** Subscribes, from its cursor where it has one. */
  async connect(server: FaultServer): Promise<Resumed> {
    this.#confirmed = new Signal();
    this.#recovered = new Signal();
    this.#peer = await Peer.dial(server, this.user, { onText: (text) => this.#received(text) });
    this.closing = this.#peer.closed;
    const { topic, cursor } = this;
    this.#peer.send('subscribeToDeals', { topic, ...(cursor === undefined ? {} : { lastEventId: cursor }) });
    const { data } = await this.#confirmed.promise;
    return { recovered: data['recovered'] === true, lost: data['lost'] as JsonObject | undefined };
  }

  pause(): void {
    this.#peer?.pause();
  }

  resume(): void {
    this.#peer?.resume();
  }

  /** Resolves when the replay is over. */
  get recovered(): Promise<void> {
    return this.#recovered.promise;
  }

  /** Resolves when the event of this number has come. */
  reached(n: number): Promise<void> {
    const reached = new Signal();
    this.#until = { n, reached };
    if (this.last >= n) reached.done();
    return reached.promise;
  }

  async close(): Promise<void> {
    this.#peer?.resume();
    await this.#peer?.terminate();
  }

  #received(text: string): void {
    const number = after(text, '"data":{"n":', ',');
    if (number !== undefined) this.#event(text, Number(number));
    else if (text.includes('"subscriptionConfirmed"')) this.#subscribed(JSON.parse(text) as ServerFrame);
    else if (text.startsWith('{"type":"subscriptionRecovered"')) this.#recovered.done();
  }

  #subscribed(frame: ServerFrame): void {
    if (frame.data['lost'] !== undefined) this.last = Number.NaN;
    this.cursor = String(frame.data['lastEventId']);
    this.#confirmed.done(frame);
  }

  #event(text: string, n: number): void {
    // At the end of the envelope, where it is given at all.
    this.conflated += Number(after(text.slice(-32), '"conflated":', '}') ?? 0);
    // Where retention took some, the first number is open.
    const gap = Number.isNaN(this.last) ? 0 : n - this.last - 1;
    this.skipped += gap;
    if (gap < 0 || this.skipped > this.conflated) this.wrong.push(`${n} after ${this.last}`);
    this.last = n;
    this.cursor = after(text, '"id":"', '"');
    this.received += 1;
    if (text.includes('"replay":')) this.replayed += 1;
    this.newest.set(after(text, '"dealId":"', '"') ?? '', n);
    if (this.#until !== undefined && n >= this.#until.n) this.#until.reached.done();
  }
}
