import type { CloseNotice, ConnectionRecord, Frame, RecordPatch } from './ports/index.js';

/** A frame for connections, collected by a handler and sent by the runtime after the reply. */
export interface Push {
  readonly to: readonly string[];
  readonly frame: Frame;
}

/**
 * Work on a connection that goes on in pages: the runtime calls `engine.resume` with it when the connection's outbox has
 * room, one after another, but not while the record says that the token is expired. What a page has `next` comes before what
 * waits already, what an exchange begins joins as `joined` says. Plain JSON, so that it can travel.
 */
export type Continuation =
  /** Hands over the waiting messages and notifications behind this place of the mailbox. */
  | { readonly kind: 'handover'; readonly after: string }
  /** Sends again what a subscription missed, up to `until`. */
  | {
      readonly kind: 'replay';
      readonly subscriptionId: string;
      readonly after: number;
      readonly until: number;
      readonly replayed: number;
    }
  /** Sends what all subscriptions of a held connection missed, then releases it. */
  | { readonly kind: 'catchup'; readonly after: number; readonly until?: number };

/**
 * What waits on a connection when an exchange has begun more: behind the replays and hand-overs that wait, before the
 * catch-ups behind them, which serve all subscriptions and so come last.
 */
export const joined = (waiting: readonly Continuation[], added: readonly Continuation[]): Continuation[] => {
  const at = waiting.findLastIndex(({ kind }) => kind !== 'catchup') + 1;
  return [...waiting.slice(0, at), ...added, ...waiting.slice(at)];
};

/** What an exchange yields. The runtime applies it in this order: record, reply, pushes, served, next, close. */
export interface Outcome {
  readonly record?: RecordPatch;
  readonly reply?: Frame;
  readonly pushes?: readonly Push[];
  /** With the pushes the connection has been sent all deal events up to this offset: what `Gateway.served` is told. */
  readonly served?: number;
  readonly next?: readonly Continuation[];
  readonly close?: CloseNotice;
}

/** What the runtime knows of a client before the socket is open. */
export interface Handshake {
  readonly connectionId: string;
  readonly token: string | undefined;
  /** From `?client=`. */
  readonly client: string | undefined;
  readonly ip: string;
}

export type Opening =
  | { readonly accepted: true; readonly record: ConnectionRecord }
  | {
      readonly accepted: false;
      readonly status: number;
      readonly retryAfter?: number;
      /** The JSON text of the error. */
      readonly body: string;
    };
