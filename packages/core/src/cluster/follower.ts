import { WireError } from '@aideals/protocol';
import type {
  Awaitable,
  Bus,
  EventRelay,
  LogEvent,
  LogPositions,
  Relayed,
  Sent,
  SharedStreams,
  StreamAppend,
  Telemetry,
} from '../ports/index.js';
import { type Announcement, decodeAnnouncement } from './announcement.js';
import { Channels } from './channels.js';
import { Coalesced } from './coalesced.js';
import { readMissed } from './missed.js';
import { Outcomes } from './outcomes.js';

export interface FollowerOptions {
  readonly streams: SharedStreams;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  /** Gives an event to the connections of this node. Called in the order of the offsets. */
  readonly give: (event: LogEvent) => Sent;
  /** All events up to this offset that concern this node have been given. */
  readonly advance: (offset: number) => void;
  /** The log began anew, or what was missed is gone: who is subscribed must resume. Tells how many those are. */
  readonly restart: (top: number) => number;
  /** Told of a fault while an event was given: the next one is given all the same. */
  readonly failed: (error: unknown) => void;
}

/** Announcements that wait for what was missed before them. Past it they are dropped, and read from the log. */
const QUEUE = 2_048;

const NO_ONE: Sent = { sent: 0, queued: 0, gone: 0 };

/** Looks after which an announcement that fits to nothing in the log is given up: what it announced is not there. */
const MOST_TRIES = 2;

interface Queued {
  readonly announced: Announcement;
  tries: number;
}

/** The name of a segment, in the id of an event. */
const epochOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));

/**
 * Follows a log that several nodes share. What is announced on this node's channels is given out in the order of the offsets;
 * where an announcement shows that one before it is missing, where the bus was out of reach, and on each look, what is
 * missing is read from the log first. Everything at or below `given` that concerns this node has been given out.
 */
export class Follower implements EventRelay {
  generation = 0;
  readonly #options: FollowerOptions;
  readonly #channels: Channels;
  readonly #sync = new Coalesced(() => this.#catchUp());
  readonly #outcomes = new Outcomes();
  /** The last offset given, and its id. */
  #given = 0;
  #id = '';
  /** Names the offsets of the log that this node follows. */
  #naming: (offset: number) => string = () => '';
  /** Segments that are known to go on from what was given. */
  #epochs = new Set<string>();
  /** An announcement of a segment that is not, or nothing where the bus was out of reach: does the log still hold `#id`? */
  #doubt: { readonly announced: Announcement | undefined } | undefined;
  #queue: Queued[] = [];
  #isSoon = false;
  #isWell = true;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#channels = new Channels(options.bus, (bytes) => this.#hear(bytes));
    options.bus.onReset(() => {
      this.#doubt = { announced: undefined };
      this.#soon();
    });
  }

  get channels(): Pick<Channels, 'retain' | 'release' | 'confirmed'> {
    return this.#channels;
  }

  /** Whether the last look succeeded. */
  get isWell(): boolean {
    return this.#isWell;
  }

  /** Begins at the top of the log. */
  async start(): Promise<void> {
    const positions = await this.#options.streams.positions([]);
    this.#begin(positions);
    this.#options.advance(positions.top);
  }

  /**
   * The id of an offset of the log that this node follows, until it has noticed that there is another one, and sent away
   * whoever stood in it: an old offset under a new name would be a place that nobody was served up to.
   */
  idOf(offset: number): string {
    return this.#naming(offset);
  }

  /** Whether an event that was read is of the log that this node follows. */
  knows({ id, offset }: LogEvent): boolean {
    return this.#naming(offset) === id;
  }

  /** Finds out whether the log is another one. Rejects where it is out of reach. */
  settle(): Promise<void> {
    return this.#sync.run();
  }

  /** To be called every second: looks whether anything was missed, and ends waits that have taken too long. */
  async look(): Promise<void> {
    this.#outcomes.age();
    this.#channels.settle();
    try {
      await this.#sync.run();
    } catch {
      // Told by `isWell`; the next look tries again.
    }
  }

  async publish(topics: readonly string[], append: () => Awaitable<StreamAppend>): Promise<Relayed> {
    const before = topics.map((topic) => this.#channels.hears(topic));
    this.#outcomes.begin();
    try {
      const appended = await append();
      if (appended.replayed) return { appended, sent: topics.map(() => NO_ONE), nodes: undefined };
      const last = appended.offsets.findLast((_, i) => (before[i] as number) > 0);
      if (last !== undefined && last > this.#given) await this.#outcomes.until(last);
      return {
        appended,
        sent: appended.offsets.map((offset) => this.#outcomes.of(offset) ?? NO_ONE),
        nodes: appended.reached?.map((reached, i) => Math.max(0, reached - (before[i] as number))),
      };
    } finally {
      this.#outcomes.end();
    }
  }

  async joined<T>(topic: string, task: () => Awaitable<T>): Promise<T> {
    this.#channels.retain(topic);
    try {
      try {
        await this.#channels.cover(topic);
        await this.#sync.run();
      } catch {
        throw new WireError('SUBSCRIPTION_ERROR', 'the log of events is out of reach; nothing was changed, try again');
      }
      return await task();
    } finally {
      this.#channels.release(topic);
    }
  }

  #hear(bytes: Uint8Array): void {
    const announced = decodeAnnouncement(bytes);
    if (announced === undefined) {
      this.#options.telemetry.count('relayed', { what: 'foreign' });
      return;
    }
    if (this.#take(announced)) return;
    this.#queue.push({ announced, tries: 0 });
    if (this.#queue.length > QUEUE) this.#queue = [];
    this.#soon();
  }

  /** False where something has to be read first. */
  #take(announced: Announcement): boolean {
    const { event, previous } = announced;
    if (!this.#epochs.has(epochOf(event.id))) {
      this.#doubt ??= { announced };
      return false;
    }
    if (this.#doubt !== undefined) return false;
    if (event.offset <= this.#given) {
      this.#options.telemetry.count('relayed', { what: 'double' });
      return true;
    }
    if (previous > this.#given) return false;
    this.#options.telemetry.count('relayed', { what: 'event' });
    this.#give(event);
    return true;
  }

  #give(event: LogEvent): void {
    try {
      this.#outcomes.note(event.offset, this.#options.give(event));
    } catch (error) {
      this.#options.failed(error);
    }
    this.#moveTo(event.offset, event.id);
  }

  #moveTo(offset: number, id: string): void {
    if (offset <= this.#given) return;
    this.#given = offset;
    this.#id = id;
    this.#options.advance(offset);
    this.#outcomes.reached(offset);
  }

  #soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#sync.run().catch(() => undefined);
  }

  /** Reads what was missed, up to the top of the log; then what was heard meanwhile goes on. */
  async #catchUp(): Promise<void> {
    this.#isSoon = false;
    try {
      await this.#readAll();
      this.#isWell = true;
    } catch (error) {
      this.#isWell = false;
      throw error;
    }
    this.#drainQueue();
  }

  #drainQueue(): void {
    const queued = this.#queue;
    this.#queue = [];
    for (const [i, next] of queued.entries()) {
      if (this.#take(next.announced)) continue;
      next.tries += 1;
      if (next.tries > MOST_TRIES) {
        this.#options.telemetry.count('relayed', { what: 'foreign' });
        continue;
      }
      this.#queue = [...queued.slice(i), ...this.#queue];
      this.#soon();
      return;
    }
  }

  async #readAll(): Promise<void> {
    const { streams } = this.#options;
    const channels = this.#channels.confirmed;
    const given = this.#given;
    const positions = await streams.positions(channels);
    const { top, last, idOf } = positions;
    // A segment that began between two looks, when nothing was announced.
    if (top < given || !this.#epochs.has(epochOf(idOf(top)))) this.#doubt ??= { announced: undefined };
    if (this.#doubt !== undefined && !(await this.#goesOn(positions))) return this.#restart();
    this.#naming = idOf;
    if (last.some((offset) => offset > this.#given) && !(await this.#read(channels, top))) return this.#restart();
    this.#moveTo(top, idOf(top));
  }

  /** False where what was missed is gone, or the log began anew meanwhile. */
  async #read(channels: readonly string[], until: number): Promise<boolean> {
    const { streams, telemetry } = this.#options;
    while (this.#given < until) {
      // What is announced meanwhile is given at once, so that `#given` may be past the page when it is there.
      const after = this.#given;
      const page = await readMissed(streams, channels, after, until);
      if (!page.covered || page.end <= after || !page.events.every((event) => this.knows(event))) return false;
      for (const event of page.events) {
        if (event.offset <= this.#given) continue;
        telemetry.count('relayed', { what: 'event-read' });
        this.#give(event);
      }
      this.#moveTo(page.end, this.#naming(page.end));
    }
    return true;
  }

  /** Whether the log goes on from what was given. */
  async #goesOn({ top, idOf }: LogPositions): Promise<boolean> {
    const { streams } = this.#options;
    const doubt = this.#doubt;
    const { lost } = await streams.locate(this.#id);
    if (lost !== undefined) return false;
    const id = doubt?.announced?.event.id;
    // One that is not of this log comes late, from one that is no more.
    const isForeign = id !== undefined && (await streams.locate(id)).lost?.reason === 'epoch';
    if (isForeign) this.#queue = this.#queue.filter(({ announced }) => epochOf(announced.event.id) !== epochOf(id));
    else if (id !== undefined) this.#epochs.add(epochOf(id));
    this.#epochs.add(epochOf(idOf(top)));
    if (this.#doubt === doubt) this.#doubt = undefined;
    return true;
  }

  /** Begins anew where the log stands now: what it was asked before may have been another one. */
  async #restart(): Promise<void> {
    const { restart, telemetry, streams } = this.#options;
    this.#doubt ??= { announced: undefined };
    const positions = await streams.positions([]);
    const { top } = positions;
    const given = this.#id;
    this.generation += 1;
    this.#queue = [];
    this.#doubt = undefined;
    const closed = restart(top);
    this.#begin(positions);
    this.#outcomes.abandon();
    telemetry.event({ name: 'log-anew', given, top: this.#id, closed });
  }

  #begin({ top, idOf }: LogPositions): void {
    this.#given = top;
    this.#naming = idOf;
    this.#id = idOf(top);
    this.#epochs = new Set([epochOf(this.#id)]);
  }
}
