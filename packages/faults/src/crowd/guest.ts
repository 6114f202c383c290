import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { Interest } from '../history/history.js';
import { isNewer } from '../wire/event-id.js';
import { type Host, Peer } from '../wire/peer.js';
import type { Mailer } from './mailer.js';
import type { Recorder } from './recorder.js';

export interface GuestOptions {
  readonly name: string;
  readonly interest: Interest;
  readonly host: Host;
  readonly recorder: Recorder;
  readonly findings: Findings;
  readonly chance: Chance;
  /** False where other events may come during a replay, and one may overtake another: ids tell then [true]. */
  readonly isOrdered: boolean;
  /** Chats as well, where it is given one. */
  readonly mailer?: Mailer;
}

const DIAL_MS = 8_000;
const ANSWER_MS = 10_000;
/** A connection whose ping is not answered for so long is given up, as a client in the field does. */
const GONE_MS = 12_000;
const FIRST_BACKOFF_MS = 50;
const MOST_BACKOFF_MS = 2_000;

/** One client: a subscription that is resumed at each connect, by the cursor that the protocol says. It always comes back. */
export class Guest {
  readonly name: string;
  readonly counts = { connects: 0, failed: 0, gone: 0, live: 0, replayed: 0, gaps: new Map<string, number>() };
  readonly mailer: Mailer | undefined;
  readonly #options: GuestOptions;
  readonly #stretches: { asked: string | undefined; after: string; lost: string | undefined; ids: string[] }[] = [];
  #peer: Peer | undefined;
  #cursor: string | undefined;
  #isReplaying = false;
  #isConfirmed = false;
  #isLeaving = false;
  #failures = 0;
  #asked = '';
  #pinged: { readonly at: number } | undefined;

  constructor(options: GuestOptions) {
    this.#options = options;
    this.name = options.name;
    this.mailer = options.mailer;
    options.recorder.readers.push({ name: options.name, interest: options.interest, stretches: this.#stretches });
  }

  /** Whether it is subscribed, and has what it missed. */
  get isLive(): boolean {
    return this.#isConfirmed && !this.#isReplaying && this.#peer?.isOpen === true;
  }

  /** Where it stands in the log. */
  get cursor(): string | undefined {
    return this.#isReplaying ? undefined : this.#cursor;
  }

  /** Connects, again and again, until it is told to leave. */
  async stay(): Promise<void> {
    while (!this.#isLeaving) {
      try {
        await this.#sit();
      } catch {
        this.counts.failed += 1;
        this.#failures += 1;
      }
      if (this.#isLeaving) return;
      const most = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#failures, 10));
      await pause(this.#options.chance.below(most));
    }
  }

  /** Asks whether the connection still is one, and where it stands. Called from time to time. */
  ping(): void {
    const peer = this.#peer;
    if (peer === undefined || !peer.isOpen || !this.#isConfirmed) return;
    const now = performance.now();
    if (this.#pinged === undefined) {
      this.#pinged = { at: now };
      peer.send('ping', {});
    } else if (now - this.#pinged.at > GONE_MS) {
      this.counts.gone += 1;
      void peer.terminate();
    }
  }

  /** As somebody whose link breaks: it comes back. */
  async break(): Promise<void> {
    if (this.#peer?.isOpen === true) await this.#peer.terminate();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    const peer = this.#peer;
    if (peer?.isOpen === true) await peer.terminate();
  }

  async #sit(): Promise<void> {
    const { name, interest, host, mailer } = this.#options;
    this.#isConfirmed = false;
    this.#pinged = undefined;
    const begun = performance.now();
    mailer?.opening(begun);
    const onFrame = (frame: ServerFrame): void => {
      mailer?.received(frame);
      this.#received(frame);
    };
    const peer = await Peer.dial(host, name, { onFrame, patienceMs: DIAL_MS });
    this.#peer = peer;
    if (this.#isLeaving) return;
    const filters = interest.shops === undefined ? {} : { shop: [...interest.shops] };
    const resume = this.#cursor === undefined ? {} : { lastEventId: this.#cursor };
    this.#asked = peer.send('subscribeToDeals', { topic: interest.topic, filters, ...resume });
    const timer = setTimeout(() => {
      if (!this.#isConfirmed) void peer.terminate();
    }, ANSWER_MS);
    this.counts.connects += 1;
    const chatting = mailer?.sit(peer);
    await peer.closed;
    clearTimeout(timer);
    await chatting;
    if (!this.#isConfirmed) this.#failures += 1;
  }

  #received(frame: ServerFrame): void {
    if (frame.requestId !== undefined && frame.requestId === this.#asked) this.#confirmed(frame);
    else if (frame.type === 'subscriptionRecovered') this.#ended(frame);
    else if (frame.id !== undefined) this.#event(frame, frame.id);
    else if (frame.type === 'pong') {
      this.#pinged = undefined;
      if (frame.lastEventId !== undefined && !this.#isReplaying) this.#advance(frame.lastEventId);
    }
  }

  #confirmed({ type, data }: ServerFrame): void {
    if (type !== 'subscriptionConfirmed') {
      // What it needs is out of reach: another node, or a later moment.
      void this.#peer?.terminate();
      return;
    }
    this.#failures = 0;
    this.#isConfirmed = true;
    const asked = this.#cursor;
    const after = String(data['lastEventId']);
    const told = data['lost'] as { readonly reason?: unknown } | undefined;
    const lost = data['recovered'] === false ? String(told?.reason) : undefined;
    if (lost !== undefined) this.counts.gaps.set(lost, (this.counts.gaps.get(lost) ?? 0) + 1);
    this.#stretches.push({ asked, after, lost, ids: [] });
    this.#cursor = after;
    this.#isReplaying = asked !== undefined;
  }

  #event({ replay, topic = '', data }: ServerFrame, id: string): void {
    const { findings, recorder, name, isOrdered } = this.#options;
    findings.hold(
      !isOrdered || (replay !== undefined) === this.#isReplaying,
      'during a replay nothing else comes, and after it nothing of it',
      () => `${name} got ${id}, ${replay === undefined ? 'live' : 'of a replay'}`,
    );
    const event = { tag: String(data['tag']), topic, shop: String(data['shop']) };
    this.#stretches.at(-1)?.ids.push(recorder.came(id, event));
    if (replay !== undefined) this.counts.replayed += 1;
    else this.counts.live += 1;
    // During its replay the cursor of a subscription follows that alone.
    if (this.#isReplaying && isOrdered) this.#cursor = id;
    else if (!this.#isReplaying || replay !== undefined) this.#advance(id);
  }

  #ended({ data }: ServerFrame): void {
    this.#isReplaying = false;
    this.#cursor = String(data['lastEventId']);
  }

  #advance(id: string): void {
    if (this.#cursor === undefined || isNewer(id, this.#cursor)) this.#cursor = id;
  }
}
