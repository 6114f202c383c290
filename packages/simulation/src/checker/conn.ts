import type { JsonObject } from '@aideals/protocol';
import type { Role, SeenOf } from './trace.js';

/** A subscription as its client knows it. */
export interface Sub {
  readonly id: string;
  readonly topic: string;
  readonly filters: JsonObject;
  /** In a replay that was under way when the filters changed: those before. Nobody is told where in it the new ones began. */
  readonly former?: readonly JsonObject[];
  readonly stream: string | undefined;
  /** The offset behind which every event that matches was promised. */
  readonly from: number;
  /** Up to which offset the promise was found kept; infinite where a change fell into a replay, until that ends. */
  kept: number;
}

/** A replay that was promised and is not recovered yet. */
export interface Replay {
  sub: Sub;
  readonly ids: Set<string>;
  last: number;
  /** Up to which offset it was told that events are gone. */
  trimmed: number;
  cancelled: boolean;
}

/** A connection as its client sees it. */
export interface Conn {
  readonly id: string;
  readonly user: string;
  readonly client: string | undefined;
  readonly role: Role;
  /** The life of the server in which it was dialled. */
  readonly life: number;
  /** How many faults the store had shown when it was dialled. */
  readonly faults: number;
  /** Indexes into the trace. */
  readonly dialled: number;
  accepted: number | undefined;
  closed: number | undefined;
  /** The first quiet moment at which it was open; undefined again while its token is expired. */
  settled: number | undefined;
  stalled: boolean;
  /** Unix seconds. The expiry that was confirmed last, then those that were asked for since. */
  exps: number[];
  /** The step from which on the clock was past all of them; undefined where it is not. */
  crossed: number | undefined;
  /** Whether the clock was past the confirmed expiry at any time since it was confirmed. */
  lapsed: boolean;
  /** Whether the clock was past it at all times since it was confirmed, from when on (an index into the trace). */
  expiredFrom: number | undefined;
  /** Frames that wait for their answer, in the order sent. */
  readonly pending: (SeenOf<'sent'> & { readonly faults: number; readonly lapsed: boolean })[];
  readonly subs: Map<string, Sub>;
  /** All that it ever subscribed to. */
  readonly wishes: Sub[];
  readonly replays: Replay[];
  /** The ids of all events received. */
  readonly events: Set<string>;
  /** The offset of the last event received that was no replay. */
  live: number;
  /** How many frames it was told were conflated, and the events that it missed for that. */
  conflated: number;
  readonly missing: Set<string>;
}

export type Pending = Conn['pending'][number];
