import type { Awaitable } from './awaitable.js';
import type { CloseNotice, Frame, Sent } from './gateway.js';
import type { StreamAppend } from './streams.js';

/** What became of events that this node appended to a log that several nodes share. */
export interface Relayed {
  readonly appended: StreamAppend;
  /** For each event, what the outboxes of this node took. */
  readonly sent: readonly Sent[];
  /** For each event, how many other nodes its announcement reached; undefined where the log does not tell. */
  readonly nodes: readonly number[] | undefined;
}

/**
 * How events of a shared log get to the connections of this node: whoever appended them, they come as announcements, and in
 * the order of their offsets. A node that is alone has none: who appends gives out.
 */
export interface EventRelay {
  /** Grows when the log began anew: an offset from before names nothing after. */
  readonly generation: number;
  /** Appends, and waits, within a bound, until this node has given out what it listens to of these topics. */
  publish(topics: readonly string[], append: () => Awaitable<StreamAppend>): Promise<Relayed>;
  /**
   * Runs a task that subscribes to a topic, once everything that was appended before the call has been given out here, and
   * all that comes after will be. Rejects with a SUBSCRIPTION_ERROR where the bus or the log is out of reach.
   */
  joined<T>(topic: string, task: () => Awaitable<T>): Promise<T>;
}

/** What was stored in the mailbox of a user, on its way to the user's connections. */
export interface Mail {
  /** Its place in the mailbox. */
  readonly place: number;
  readonly frame: Frame;
  /** Counted as a delivery of this kind. */
  readonly kind: string;
}

/**
 * How what is for a user gets to the user's connections on any node. A node that is alone has none: its directory knows them
 * all.
 */
export interface UserRelay {
  /** Pushes what is stored, in the order of the mailbox and each thing once. True where a node with a connection took it. */
  mail(userId: string, mail: Mail): Promise<boolean>;
  /** Pushes to the user's connections but one what waits nowhere; those in their hand-over get none. */
  copy(userId: string, except: string, frame: Frame): Promise<void>;
  /** Closes a connection of the user; false where no node that may hold it was reached. */
  close(userId: string, connectionId: string, notice: CloseNotice): Promise<boolean>;
  /** Sends a frame to one connection of the user; false where no node that may hold it was reached. */
  post(userId: string, connectionId: string, frame: Frame): Promise<boolean>;
  /**
   * The hand-over of a connection ends behind this place of the mailbox (a sort key; empty where nothing waited). Where its
   * mark stands all the same, it goes on, and this is called again.
   */
  handedOver(connectionId: string, after: string): void;
  /** A message of a conversation, and all before it, are in the mailbox: this node has seen to it. */
  placing(conversation: string, sequence: number): void;
  /** The last such number, as far as this node remembers. */
  placed(conversation: string): number | undefined;
}
