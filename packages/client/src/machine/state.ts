import type { AidealsError } from '../errors.js';
import type { ClientFrame, DealEvent, Filters, Lost } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';

/** Milliseconds, all of them. */
export interface Timing {
  /** The first reconnect comes within this, the n-th within 2^n times as much: full jitter. */
  readonly baseDelay: number;
  /** No reconnect waits longer, unless the server asks for it. */
  readonly maxDelay: number;
  /** A connection that lived so long was a good one: the next reconnect begins with `baseDelay` again. */
  readonly goodAfter: number;
  /** The token callback and the dial each have so long. */
  readonly dialWithin: number;
  /** A ping goes out after so much silence. */
  readonly pingAfter: number;
  /** A link that brings nothing so long after a ping is dead. */
  readonly answerWithin: number;
  /** So is one on which a subscription is not answered for so long. */
  readonly confirmWithin: number;
  /** A position is asked for at least so often, so that a rare filter keeps a fresh cursor. */
  readonly positionEvery: number;
  /** Calls in flight may finish so long after `goAway`. */
  readonly lingerFor: number;
}

export const defaultTiming: Timing = {
  baseDelay: 500,
  maxDelay: 30_000,
  goodAfter: 5_000,
  dialWithin: 15_000,
  pingAfter: 25_000,
  answerWithin: 10_000,
  confirmWithin: 30_000,
  positionEvery: 300_000,
  lingerFor: 1_000,
};

export interface Config {
  readonly timing: Timing;
  /** Whether a new token can be asked for. */
  readonly renewable: boolean;
}

/** What the server said of the end before it came: the advice of a close, where the deployment cannot send codes. `retryAfter` in milliseconds. */
export interface Notice {
  readonly code: number | undefined;
  readonly retryAfter: number | undefined;
}

export interface OpenLink {
  readonly at: 'open';
  readonly socket: number;
  readonly since: number;
  /** When anything was last heard, and when a position was. */
  readonly heard: number;
  readonly positioned: number;
  readonly ping: { readonly requestId: string; readonly until: number } | undefined;
  readonly notice: Notice | undefined;
  /** After `goAway`: nothing new is sent, it ends by `until` at the latest, and the next one is dialled at `comeBack`. */
  readonly leaving: { readonly until: number; readonly comeBack: number } | undefined;
}

/** Where the one connection stands. */
export type Link =
  | { readonly at: 'idle'; readonly code: number | undefined }
  | { readonly at: 'token'; readonly ticket: number; readonly until: number }
  | { readonly at: 'dialling'; readonly socket: number; readonly until: number }
  | OpenLink
  /** `failed` is the socket of a dial that failed, as long as nobody knows why. */
  | {
      readonly at: 'waiting';
      readonly until: number;
      readonly code: number | undefined;
      readonly failed: number | undefined;
    }
  | { readonly at: 'closed'; readonly code: number | undefined; readonly error: AidealsError | undefined };

export interface Request {
  readonly topic: string;
  readonly filters: Filters;
}

export type Phase = 'waiting' | 'asked' | 'replaying' | 'live';

/**
 * A subscription of the application, over all connections.
 *
 * `waiting` nobody is asked, `asked` the server is, `replaying` what was missed is on its way, `live`.
 */
export interface Sub extends Request {
  readonly id: string;
  /** The same for what the server takes as one subscription. */
  readonly key: string;
  readonly phase: Phase;
  /** All events that match up to here were handed on. */
  readonly cursor: string | undefined;
  /** The server's id on this connection. */
  readonly serverId: string | undefined;
  readonly ask: Ask | undefined;
  /** When to ask again, after a refusal that may pass. */
  readonly retryAt: number | undefined;
  /** In a row. */
  readonly refusals: number;
  /** What was confirmed before the filters were changed: it serves until the new ones are confirmed. */
  readonly before: Before | undefined;
  /** The server confirmed it once, on whichever connection. */
  readonly confirmed: boolean;
}

export interface Ask {
  readonly requestId: string;
  readonly until: number;
  /** With a cursor, so that a replay follows. */
  readonly resumes: boolean;
  /** Asks the server to change the former subscription in its place, into this one. */
  readonly change: (Request & { readonly key: string }) | undefined;
}

export interface Before extends Request {
  readonly key: string;
  readonly serverId: string | undefined;
  readonly phase: Phase;
}

/** Where the renewal of the token of an open connection stands. */
export type Renewal =
  | { readonly at: 'token'; readonly ticket: number; readonly until: number }
  | { readonly at: 'asked'; readonly requestId: string }
  | { readonly at: 'waiting'; readonly until: number };

export interface State {
  readonly config: Config;
  readonly link: Link;
  readonly token: string | undefined;
  /** The token was refused, or may have been: the next dial asks for a new one. */
  readonly stale: boolean;
  /** Failures in a row. */
  readonly attempt: number;
  /** Numbers sockets, tickets and requests. */
  readonly serial: number;
  readonly renewal: Renewal | undefined;
  readonly subs: ReadonlyMap<string, Sub>;
  /** Subscriptions that nobody wants any more, whose confirmation is awaited: request id to key. */
  readonly orphans: ReadonlyMap<string, string>;
  /** Ids of the server whose end was asked for, or is to be, from `retryAt`. */
  readonly ending: ReadonlyMap<string, { readonly requestId: string; readonly retryAt: number | undefined }>;
  /** Whether the server changes subscriptions in their place, as far as is known. */
  readonly changes: boolean;
  /** The application subscribed by hand on this connection: which events are whose is not known by counting. */
  readonly byHand: boolean;
  /** The highest id received on this connection since the cursors of live subscriptions were last written. */
  readonly reached: string | undefined;
}

export type Event =
  | { readonly type: 'connect' }
  | { readonly type: 'close' }
  /** The network is back: do not wait any longer. */
  | { readonly type: 'online' }
  | { readonly type: 'token'; readonly ticket: number; readonly token: string }
  | { readonly type: 'tokenFailed'; readonly ticket: number; readonly error: AidealsError }
  | { readonly type: 'opened'; readonly socket: number }
  | { readonly type: 'closed'; readonly socket: number; readonly code: number }
  | { readonly type: 'probed'; readonly socket: number; readonly error: AidealsError }
  | { readonly type: 'frame'; readonly socket: number; readonly frame: ServerFrame }
  /** No call is in flight. */
  | { readonly type: 'quiet' }
  | {
      readonly type: 'subscribe';
      readonly id: string;
      readonly request: Request;
      readonly lastEventId: string | undefined;
    }
  | { readonly type: 'update'; readonly id: string; readonly request: Request }
  | { readonly type: 'unsubscribe'; readonly id: string }
  | { readonly type: 'byHand' }
  /** The time that `deadline` told has come. */
  | { readonly type: 'tick' };

export type Effect =
  /** Ask the application for a token: a new one where `fresh`. */
  | { readonly type: 'token'; readonly ticket: number; readonly fresh: boolean }
  | { readonly type: 'dial'; readonly socket: number; readonly token: string }
  | { readonly type: 'send'; readonly frame: ClientFrame }
  /** The socket is of no use any more; `dead` where a closing handshake would lead to nothing. */
  | { readonly type: 'drop'; readonly socket: number; readonly dead: boolean }
  /** Find out why a dial failed. */
  | { readonly type: 'probe'; readonly socket: number; readonly token: string }
  /** Calls may be sent; then, the connection is gone. */
  | { readonly type: 'open' }
  | { readonly type: 'lost'; readonly code: number }
  /** The server goes away: tell when no call is in flight. */
  | { readonly type: 'leaving' }
  | { readonly type: 'deliver'; readonly to: readonly string[]; readonly event: DealEvent }
  | { readonly type: 'confirmed'; readonly id: string; readonly serverId: string }
  /** Asked again later, back to the filters from before, or ended. */
  | {
      readonly type: 'refused';
      readonly id: string;
      readonly error: AidealsError;
      readonly outcome: 'retried' | 'reverted' | 'ended';
      /** What stands, where it is `reverted`. */
      readonly standing: Request | undefined;
    }
  | { readonly type: 'gap'; readonly id: string; readonly lost: Lost }
  | { readonly type: 'recovered'; readonly id: string; readonly replayed: number }
  | { readonly type: 'error'; readonly error: AidealsError };

/** Time and chance of one step: `now` in milliseconds of a clock that never goes back, `random` from 0 to below 1. */
export interface Moment {
  readonly now: number;
  readonly random: number;
}

export const initialState = (config: Config): State => ({
  config,
  link: { at: 'idle', code: undefined },
  token: undefined,
  stale: false,
  attempt: 0,
  serial: 0,
  renewal: undefined,
  subs: new Map(),
  orphans: new Map(),
  ending: new Map(),
  changes: true,
  byHand: false,
  reached: undefined,
});
