import type { Attributes, JsonObject } from '@aideals/protocol';
import type { Awaitable } from './awaitable.js';

/** An event as a publisher gives it. `filters` are attributes laid over `data` for matching. `at` is Unix milliseconds. */
export interface NewEvent {
  readonly type: string;
  readonly topic: string;
  readonly data: JsonObject;
  readonly filters?: Attributes;
  readonly at: number;
}

/** An event in the log. Offsets begin at 1 and are dense over all topics. */
export interface LogEvent extends NewEvent {
  readonly offset: number;
  /** `<epoch>-<offset>`. */
  readonly id: string;
}

export interface StreamAppend {
  /** In the order of the events given. */
  readonly ids: readonly string[];
  readonly offsets: readonly number[];
  /** True where the key was used before with the same digest: nothing was appended, and the ids are the first ones. */
  readonly replayed: boolean;
  /** Resolves when the events survive a crash. */
  readonly flushed: Promise<void>;
  /** Of a log that several nodes share: how many nodes the announcement of each event reached, this one counted too. */
  readonly reached?: readonly number[];
}

export type Lost = { readonly reason: 'retention' | 'epoch' | 'unknown'; readonly oldest: string | null };

/** Where a client's position lies in the log: `after` is the offset that reading begins behind; `lost` where the gap is not covered. */
export interface Located {
  readonly after: number;
  readonly lost?: Lost;
}

export interface ReadOptions {
  readonly after: number;
  /** Inclusive; the top where it is left out. */
  readonly until?: number;
  /** Only this topic's events; those of all topics where it is left out. */
  readonly topic?: string;
  readonly limit: number;
}

export interface ReadPage {
  readonly events: readonly LogEvent[];
  /** Every event up to this offset that the options select, and that is still there, has been returned. */
  readonly end: number;
  /** False where events behind `after` were trimmed: what they were is not known any more. */
  readonly covered: boolean;
}

/** Thrown by `append` where the key was used with another digest. */
export class IdempotencyConflict extends Error {
  constructor() {
    super('the idempotency key was used with another body');
    this.name = 'IdempotencyConflict';
  }
}

/**
 * The one dense log of a deployment's events.
 *
 * Laws: `append` resolves at commit, all of a list or nothing, and appends of one process resolve in the order of their
 * offsets. The index by topic and the idempotency key belong to the same atomic step. A key is remembered for 24 hours.
 * Each start of the log's owner opens a segment: a random name, its first offset, and the last offset of the one before.
 * An id of an unknown segment, or past the recorded end of its own, is lost as `epoch`; one ahead of the present log as
 * `unknown`; one whose successors were trimmed as `retention`. An id that is lost is located at the oldest event that is there.
 */
export interface Streams {
  append(events: readonly NewEvent[], options?: { key: string; digest: string }): Awaitable<StreamAppend>;
  locate(id: string): Awaitable<Located>;
  read(options: ReadOptions): Awaitable<ReadPage>;
  /** The last offset; 0 where the log is empty. */
  top(): Awaitable<number>;
  /** The id of an offset of this log. */
  idOf(offset: number): string;
  /** Removes up to `limit` events beyond retention; true where more are left. `before` is Unix milliseconds. */
  trim(options: { before: number; keep: number; limit: number }): Awaitable<boolean>;
}

/** Where a shared log stands: its top, and the last offset announced on each channel asked for; 0 where there was none. */
export interface LogPositions {
  readonly top: number;
  readonly last: readonly number[];
  /** Names the offsets of the log as it stood then, also when it has begun anew since. */
  readonly idOf: (offset: number) => string;
}

/**
 * A log that several nodes share. `append` announces each event on the bus, in the same step in which it stores it, on each
 * channel of `channelsOf(topic)`, as `encodeAnnouncement` words it; announcements are made in the order of the offsets.
 */
export interface SharedStreams extends Streams {
  /** Read in one step. Channels are those of `channelsOf`. */
  positions(channels: readonly string[]): Awaitable<LogPositions>;
}
