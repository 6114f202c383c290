import type { Clock, CloseNotice, Frame, Gateway, Sent } from '@aideals/core';
import pLimit from 'p-limit';
import { closeNoticeFrame } from '../close-notice.js';
import type { ManagementApi } from './management-api.js';
import { SendOrder } from './send-order.js';

export interface GatewayOptions {
  readonly api: () => ManagementApi;
  readonly clock: Clock;
  /** Unix milliseconds; undefined where the connection is not known. */
  readonly createdAt: (connectionId: string) => Promise<number | undefined>;
  /** Told of each connection that is found to be gone, once it has been for long enough to have been open. */
  readonly closed: (connectionId: string) => Promise<void>;
  /** Resolves after some milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Unix milliseconds until which a call may be tried again: the end of the invocation, less what it still has to do. */
  readonly deadline: () => number;
  /** From 0 up to, not with, 1. */
  readonly chance: () => number;
  /** Told of a post to one of many connections that failed in another way than these. */
  readonly fault: (error: unknown) => void;
}

/** What became of a frame: `missed` where the connection may be open, but did not take it. */
type Delivery = 'sent' | 'gone' | 'missed';

/** What became of a frame for many. */
export interface Delivered {
  readonly sent: number;
  readonly gone: number;
  /** Those that may be open, but did not take it in time. */
  readonly missed: readonly string[];
}

export interface ManagementGateway extends Gateway {
  /** Sends to each of many; whoever takes nothing for so many milliseconds is among those missed. */
  deliver(connectionIds: Iterable<string>, frame: Frame, patienceMs: number): Promise<Delivered>;
  /**
   * Ends connections that have not taken what they were promised: their clients are told to come back and resume. Gives those
   * that do not take that either: without it they would take the close for a farewell.
   */
  expel(connectionIds: Iterable<string>): Promise<readonly string[]>;
  /** Sends to one connection; false where it is gone. Rejects where it may be there and did not take the frame. */
  post(connectionId: string, text: string): Promise<boolean>;
}

/** For so long after its handshake began, a connection that is not there may be not yet open. */
export const OPENING_MS = 10_000;

const POSTS_AT_ONCE = 128;
/** A connection of many events is sent one after another; those of different connections wait for nothing. */
const EVENTS_AT_ONCE = 32;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** A single post that the service goes on refusing is given up after this. */
const PATIENCE_MS = 15_000;
/** Whoever did not take a frame is asked only once for each, for so long: it does not read. */
const STALLED_MS = 5_000;

const utf8 = new TextEncoder();

const encode = (frame: Frame): Uint8Array => {
  frame.encoded ??= utf8.encode(frame.text);
  return frame.encoded as Uint8Array;
};

/**
 * A `Gateway` over the management API: it knows no positions, holds nothing back and sends no close codes, which go before as
 * a last `error` frame.
 */
export const managementGateway = (options: GatewayOptions): ManagementGateway => {
  const { api, clock, createdAt, closed, pause, deadline, chance, fault } = options;
  const order = new SendOrder();
  const atOnce = pLimit(POSTS_AT_ONCE);
  /** Until when (Unix milliseconds) connections are taken for ones that do not read. */
  const stalled = new Map<string, number>();

  /** One that is not yet open is not dead: its row stays. */
  const lost = async (connectionId: string): Promise<void> => {
    const at = await createdAt(connectionId);
    if (at === undefined || clock.now() - at >= OPENING_MS) await closed(connectionId);
  };

  const attempts = async (connectionId: string, data: Uint8Array, patienceMs: number): Promise<Delivery> => {
    const isStalled = clock.now() < (stalled.get(connectionId) ?? 0);
    const until = isStalled ? 0 : Math.min(deadline(), clock.now() + patienceMs);
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const posted = await atOnce(() => api().post(connectionId, data));
      if (posted !== 'busy') stalled.delete(connectionId);
      if (posted === 'sent') return 'sent';
      if (posted === 'gone') {
        await lost(connectionId);
        return 'gone';
      }
      const ms = wait * (0.5 + chance());
      if (clock.now() + ms > until) {
        stalled.set(connectionId, clock.now() + STALLED_MS);
        return 'missed';
      }
      await pause(ms);
    }
  };

  const inOrder = (connectionId: string, data: Uint8Array, patienceMs: number): Promise<Delivery> =>
    order.run(connectionId, () => attempts(connectionId, data, patienceMs));

  const post = async (connectionId: string, text: string): Promise<boolean> => {
    const delivery = await inOrder(connectionId, utf8.encode(text), PATIENCE_MS);
    if (delivery === 'missed') throw new Error('the management API did not take a frame in time');
    return delivery === 'sent';
  };

  const deliver = async (connectionIds: Iterable<string>, frame: Frame, patienceMs: number): Promise<Delivered> => {
    const data = encode(frame);
    const missed: string[] = [];
    let sent = 0;
    let gone = 0;
    const one = async (connectionId: string): Promise<void> => {
      // One connection's fault is not the others'.
      const delivery = await inOrder(connectionId, data, patienceMs).catch((error: unknown): Delivery => {
        fault(error);
        return 'missed';
      });
      if (delivery === 'sent') sent += 1;
      else if (delivery === 'gone') gone += 1;
      else missed.push(connectionId);
    };
    // All at once in their connections' order, before the next frame is: how many are posted at once is bounded beneath.
    await Promise.all(Array.from(new Set(connectionIds), one));
    return { sent, gone, missed };
  };

  const expel = async (connectionIds: Iterable<string>): Promise<readonly string[]> => {
    const notice = utf8.encode(closeNoticeFrame({ code: 4008 }, clock.now()));
    const left: string[] = [];
    const end = async (connectionId: string): Promise<void> => {
      const told = await inOrder(connectionId, notice, 0);
      if (told === 'missed') left.push(connectionId);
      if (told !== 'sent') return;
      await api().delete(connectionId);
      await closed(connectionId);
    };
    const attempt = (connectionId: string): Promise<void> =>
      end(connectionId).catch((error: unknown) => {
        fault(error);
        left.push(connectionId);
      });
    await Promise.all(Array.from(connectionIds, attempt));
    return left;
  };

  return {
    capabilities: { closeCodes: false, hold: false, positions: false },
    eventsAtOnce: EVENTS_AT_ONCE,
    post,
    deliver,
    expel,

    async send(connectionIds: Iterable<string>, frame: Frame): Promise<Sent> {
      const { sent, gone, missed } = await deliver(connectionIds, frame, PATIENCE_MS);
      // What they did not take they would never hear of.
      await expel(missed);
      return { sent, queued: 0, gone: gone + missed.length };
    },

    close: (connectionId: string, notice: CloseNotice): Promise<void> =>
      order.run(connectionId, async () => {
        const data = utf8.encode(closeNoticeFrame(notice, clock.now()));
        // Whether it is heard or not, the connection is closed.
        await attempts(connectionId, data, PATIENCE_MS).catch(fault);
        await api().delete(connectionId);
        await closed(connectionId);
      }),

    alive: (connectionId) => api().isOpen(connectionId),
    advance: () => undefined,
    given: () => undefined,
    position: () => undefined,
    served: () => undefined,
    hold: () => undefined,
    reread: () => undefined,
    release: () => ({ released: true }),
  };
};
