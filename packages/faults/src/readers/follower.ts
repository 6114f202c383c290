import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { FaultServer } from '../served/server.js';
import { poll } from '../waiting.js';
import { isNewer } from '../wire/event-id.js';
import { Peer } from '../wire/peer.js';
import type { LoggedEvent } from './log-reader.js';

/** What came between one confirmation and the end of its connection. */
export interface Stretch {
  /** The cursor that was asked with. */
  readonly asked: string | undefined;
  /** The position from which delivery was promised. */
  readonly after: string;
  readonly lost: JsonObject | undefined;
  readonly ids: string[];
}

export interface FollowerOptions {
  readonly name: string;
  readonly topic: string;
  readonly filters: JsonObject;
  /** The same, said of an event of the log. */
  readonly matches: (event: LoggedEvent) => boolean;
  readonly findings: Findings;
  readonly chance: Chance;
  /** Sees each frame, after it was taken note of. */
  readonly onFrame?: (frame: ServerFrame) => void;
}

const PING_PERCENT = 5;

/** One subscription, resumed from its cursor at each connect, with the cursor kept as the protocol says. */
export class Follower {
  readonly options: FollowerOptions;
  readonly stretches: Stretch[] = [];
  readonly counts = { recovered: 0, lost: 0, replayed: 0, live: 0 };
  #peer: Peer | undefined;
  #cursor: string | undefined;
  #subscriptionId: string | undefined;
  #replayed: number | undefined;
  #asked = '';

  constructor(options: FollowerOptions) {
    this.options = options;
  }

  async connect(server: FaultServer): Promise<void> {
    this.#subscriptionId = undefined;
    const { name, topic, filters } = this.options;
    this.#peer = await Peer.dial(server, name, {
      onFrame: (frame) => {
        this.#received(frame);
        this.options.onFrame?.(frame);
      },
    });
    const lastEventId = this.#cursor;
    const data = { topic, filters, ...(lastEventId === undefined ? {} : { lastEventId }) };
    this.#asked = this.#peer.send('subscribeToDeals', data);
  }

  /** Resolves when the replay is over. */
  async recovered(): Promise<void> {
    const isLive = () => (this.#subscriptionId !== undefined && this.#replayed === undefined ? true : undefined);
    await poll(`${this.options.name} to be recovered`, isLive).catch(() => {
      this.options.findings.broken('a replay ends', this.options.name);
    });
  }

  /** Resolves when it has come to this event. */
  async reached(id: string): Promise<void> {
    await poll(`${this.options.name} to come to ${id}`, () =>
      this.#cursor === id || this.stretches.at(-1)?.ids.includes(id) ? true : undefined,
    );
  }

  /** The present connection, or the last one. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new Error(`${this.options.name} was never connected`);
    return this.#peer;
  }

  async disconnected(): Promise<void> {
    await this.#peer?.closed;
  }

  async close(): Promise<void> {
    await this.#peer?.close();
  }

  #received(frame: ServerFrame): void {
    if (frame.requestId !== undefined && frame.requestId === this.#asked) this.#confirmed(frame);
    else if (frame.type === 'subscriptionRecovered') this.#ended(frame.data);
    else if (frame.id !== undefined) this.#event(frame, frame.id);
    else if (frame.lastEventId !== undefined && this.#replayed === undefined) this.#advance(frame.lastEventId);
  }

  #confirmed({ type, data }: ServerFrame): void {
    const { findings, name } = this.options;
    if (type !== 'subscriptionConfirmed') {
      findings.broken('a resume is confirmed', `${name}: ${JSON.stringify(data)}`);
      return;
    }
    const asked = this.#cursor;
    const after = String(data['lastEventId']);
    this.#subscriptionId = String(data['subscriptionId']);
    this.stretches.push({ asked, after, lost: data['lost'] as JsonObject | undefined, ids: [] });
    this.#cursor = after;
    if (asked === undefined) return;
    this.#replayed = 0;
    if (data['recovered'] === true) this.counts.recovered += 1;
    else this.counts.lost += 1;
    findings.hold(
      data['recovered'] !== true || after === asked,
      'a covered position is promised from where it was asked for',
      () => `${name} asked from ${asked} and was confirmed from ${after}`,
    );
  }

  #event(frame: ServerFrame, id: string): void {
    const { findings, name, chance } = this.options;
    findings.hold(
      (frame.replay !== undefined) === (this.#replayed !== undefined),
      'during a replay nothing else comes, and after it nothing of it',
      () => `${name} got ${id}, ${frame.replay === undefined ? 'live' : 'of a replay'}`,
    );
    this.stretches.at(-1)?.ids.push(id);
    if (this.#replayed === undefined) {
      this.counts.live += 1;
      this.#advance(id);
      if (chance.percent(PING_PERCENT)) this.#peer?.send('ping', {});
      return;
    }
    this.#replayed += 1;
    this.#cursor = id;
  }

  #ended(data: JsonObject): void {
    this.options.findings.hold(
      data['replayed'] === this.#replayed,
      'a replay says how many events it brought',
      () => `${this.options.name}: ${this.#replayed} came, ${data['replayed']} were told`,
    );
    this.counts.replayed += this.#replayed ?? 0;
    this.#replayed = undefined;
    this.#cursor = String(data['lastEventId']);
  }

  #advance(id: string): void {
    if (this.#cursor === undefined || isNewer(id, this.#cursor)) this.#cursor = id;
  }
}
