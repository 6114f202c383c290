import type { CloseCodeNumber } from '@aideals/protocol';
import type { Awaitable } from './awaitable.js';

/** A frame to be sent to any number of connections: made once, encoded once. */
export interface Frame {
  /** The JSON text. */
  readonly text: string;
  /** The offset of a deal event: such frames are held back while a connection is in replay, and leave in growing order. */
  readonly offset?: number;
  /** Frames of one key may be conflated: the older one taken out where the outbox is over its soft mark. */
  readonly key?: string;
  /** Where the runtime keeps its encoding of the text. */
  encoded?: unknown;
}

/** How many outboxes took a frame, how many work is left to a planner, and how many connections are no more. */
export interface Sent {
  readonly sent: number;
  readonly queued: number;
  readonly gone: number;
}

export interface CloseNotice {
  readonly code: CloseCodeNumber;
  /** Seconds, where the advice is to come back after a delay. */
  readonly retryAfter?: number;
}

export type Release = { readonly released: true } | { readonly released: false; readonly after: number };

/**
 * The way out to the connections.
 *
 * Laws: frames to one connection leave in the order in which they were given. `send` resolves when the outboxes took the
 * frame, not when it is written. Deal events are given in the order of their offsets.
 */
export interface Gateway {
  readonly capabilities: { readonly closeCodes: boolean; readonly hold: boolean; readonly positions: boolean };
  send(connectionIds: Iterable<string>, frame: Frame): Awaitable<Sent>;
  /** As `send` of each frame in turn; for a list of events with the same receivers, where a gateway can do better. */
  sendRun?(connectionIds: Iterable<string>, frames: readonly Frame[]): Sent;
  /** How many events of a list may be given before the first was taken: a gateway that says so keeps their order itself. One where it is left out. */
  readonly eventsAtOnce?: number;
  close(connectionId: string, notice: CloseNotice): Awaitable<void>;
  alive(connectionId: string): Awaitable<boolean>;
  /** All deal events up to this offset have been given to `send`, or matched no one. */
  advance(offset: number): void;
  /** The offset that `advance` told last: what comes to a connection live lies past it. Undefined where no one tells. */
  given(): number | undefined;
  /**
   * The offset up to which this connection has been served, which stands still during a hold; undefined where the deployment
   * does not know.
   */
  position(connectionId: string): number | undefined;
  /** A held connection has been sent, from the log, all deal events up to this offset: its position moves on. */
  served(connectionId: string, offset: number): void;
  /** Keeps deal events from this connection from now on; held frames are bounded. Holds nest: each is ended by one release. */
  hold(connectionId: string): void;
  /**
   * Drops what is held, and passes over what still comes, as though the bound were passed: the subscriptions change, and the
   * log is read for those that are. Nothing where the connection is not held.
   */
  reread(connectionId: string): void;
  /**
   * Ends one hold. With the last one, what was held and lies past the lowest `after` of all its releases, and past what was `served`, follows. Where the
   * bound was passed, nothing is released: the answer tells the offset behind which the log must be read first, up to `given`,
   * and a new hold keeps what comes from here on. Releasing a connection that is not held is harmless.
   */
  release(connectionId: string, after: number): Release;
}
