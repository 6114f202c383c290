import type { Filters, JsonObject } from '@aideals/protocol';
import type { Matcher } from '../match/matches.js';
import type { Awaitable } from './awaitable.js';

/** All that the core knows of a connection: plain JSON under 4 KB, no live object, so that it can sleep in a store. */
export interface ConnectionRecord {
  readonly connectionId: string;
  readonly userId: string;
  /** Unix milliseconds. */
  readonly connectedAt: number;
  /** Unix seconds. */
  readonly tokenExp: number;
  /** Unix seconds; an issued token never outlives it by more than 24 hours. */
  readonly firstSignIn: number;
  readonly scopes: readonly string[];
  /** Patterns of rooms that may be entered; absent: any that is not private. */
  readonly rooms?: readonly string[];
  /** The client instance that `?client=` named. */
  readonly client?: string;
  readonly ip: string;
  /** Set from the expiry of the token until a refresh: nothing is pushed meanwhile. */
  readonly expired?: boolean;
}

export type RecordPatch = Partial<Pick<ConnectionRecord, 'tokenExp' | 'firstSignIn' | 'scopes' | 'rooms' | 'expired'>>;

export interface Subscription {
  readonly subscriptionId: string;
  readonly topic: string;
  readonly filters: Filters;
}

/** Connections that asked for the same: `matches` decides for all of them at once. */
export interface Candidate {
  readonly matcher: Matcher;
  readonly connectionIds: Iterable<string>;
}

export type Subscribed =
  | { readonly outcome: 'created' | 'present'; readonly subscription: Subscription }
  | { readonly outcome: 'full' }
  | { readonly outcome: 'gone' };

export type Changed =
  /** It has the filters now, or had them. */
  | { readonly outcome: 'changed'; readonly subscription: Subscription }
  /** The connection had another subscription for the same: that one stays, and the one to be changed has ended. */
  | { readonly outcome: 'merged'; readonly subscription: Subscription }
  /** There is no such subscription, or no such connection. */
  | { readonly outcome: 'unknown' };

/**
 * Who is connected, and who asked for what.
 *
 * Laws: `candidates` may be too many, never too few. `close` is idempotent and removes the connection before its
 * subscriptions. `subscribe` answers `gone` where the connection was closed. The hand-over mark makes senders wait: while a
 * connection has one, who wants to push a stored message to it only replaces the mark.
 */
export interface Directory {
  /** True where other processes open connections in it as well: who opens one looks again at the limit. */
  readonly shared?: boolean;
  /** Registers a connection, with a hand-over mark. */
  open(record: ConnectionRecord, mark: string): Awaitable<void>;
  get(connectionId: string): Awaitable<ConnectionRecord | undefined>;
  patch(connectionId: string, patch: RecordPatch): Awaitable<void>;
  /** True where it was open. */
  close(connectionId: string): Awaitable<boolean>;
  ofUser(userId: string): Awaitable<readonly ConnectionRecord[]>;
  /** Open connections in all. */
  count(): Awaitable<number>;

  /** Sets a hand-over mark, whether there is one or not. */
  mark(connectionId: string, mark: string): Awaitable<void>;
  markOf(connectionId: string): Awaitable<string | undefined>;
  /** Replaces the mark where one is set, and tells whether one was. */
  remark(connectionId: string, mark: string): Awaitable<boolean>;
  /** Clears the mark where it is still this one, and tells whether it was. */
  unmark(connectionId: string, mark: string): Awaitable<boolean>;

  /** Equal filters on the same topic are one subscription: `present`. Past `max` it is `full`. */
  subscribe(connectionId: string, subscription: Subscription, max: number): Awaitable<Subscribed>;
  /** Undefined where the connection has no such subscription. */
  unsubscribe(connectionId: string, subscriptionId: string): Awaitable<Subscription | undefined>;
  /** Gives a subscription other filters. At no moment is the connection found by neither the former ones nor the new. */
  change(connectionId: string, subscriptionId: string, filters: Filters): Awaitable<Changed>;
  subscriptions(connectionId: string): Awaitable<readonly Subscription[]>;
  /** Those on exactly this topic whose filters may match; `attributes` is the event's data overlaid with its filters. */
  candidates(topic: string, attributes: JsonObject): Awaitable<Iterable<Candidate>>;
}
