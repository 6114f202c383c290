import type { Clock, CloseNotice, Frame, Gateway, Sent } from '@aideals/core';
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
  deliver(connectionIds: Iterable<string>, frame: Frame): Promise<Delivered>;
  /** Sends to one connection; false where it is gone. Rejects where it may be there and did not take the frame. */
  post(connectionId: string, text: string): Promise<boolean>;
}

/** For so long after its handshake began, a connection that is not there may be not yet open. */
export const OPENING_MS = 10_000;

const POSTS_AT_ONCE = 128;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** A single post that the service goes on refusing is given up after this. */
const PATIENCE_MS = 15_000;

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

  /** One that is not yet open is not dead: its row stays. */
  const lost = async (connectionId: string): Promise<void> => {
    const at = await createdAt(connectionId);
    if (at === undefined || clock.now() - at >= OPENING_MS) await closed(connectionId);
  };

  const attempts = async (connectionId: string, data: Uint8Array): Promise<Delivery> => {
    const until = Math.min(deadline(), clock.now() + PATIENCE_MS);
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const posted = await api().post(connectionId, data);
      if (posted === 'sent') return 'sent';
      if (posted === 'gone') {
        await lost(connectionId);
        return 'gone';
      }
      const ms = wait * (0.5 + chance());
      if (clock.now() + ms > until) return 'missed';
      await pause(ms);
    }
  };

  const inOrder = (connectionId: string, data: Uint8Array): Promise<Delivery> =>
    order.run(connectionId, () => attempts(connectionId, data));

  const post = async (connectionId: string, text: string): Promise<boolean> => {
    const delivery = await inOrder(connectionId, utf8.encode(text));
    if (delivery === 'missed') throw new Error('the management API did not take a frame in time');
    return delivery === 'sent';
  };

  const deliver = async (connectionIds: Iterable<string>, frame: Frame): Promise<Delivered> => {
    const data = encode(frame);
    const rest = new Set(connectionIds).values();
    const missed: string[] = [];
    let sent = 0;
    let gone = 0;
    const lane = async (): Promise<void> => {
      for (const connectionId of rest) {
        // One connection's fault is not the others'.
        const delivery = await inOrder(connectionId, data).catch((error: unknown): Delivery => {
          fault(error);
          return 'missed';
        });
        if (delivery === 'sent') sent += 1;
        else if (delivery === 'gone') gone += 1;
        else missed.push(connectionId);
      }
    };
    await Promise.all(Array.from({ length: POSTS_AT_ONCE }, lane));
    return { sent, gone, missed };
  };

  return {
    capabilities: { closeCodes: false, hold: false, positions: false },
    post,
    deliver,

    async send(connectionIds: Iterable<string>, frame: Frame): Promise<Sent> {
      const { sent, gone, missed } = await deliver(connectionIds, frame);
      return { sent, queued: 0, gone: gone + missed.length };
    },

    close: (connectionId: string, notice: CloseNotice): Promise<void> =>
      order.run(connectionId, async () => {
        const data = utf8.encode(closeNoticeFrame(notice, clock.now()));
        // Whether it is heard or not, the connection is closed.
        await attempts(connectionId, data).catch(fault);
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
