import { type LimitClass, WireError } from '@aideals/protocol';
import type { Context } from '../handler.js';
import { type Awaitable, andThen, type ConnectionRecord, type Taken } from '../ports/index.js';

type LimitContext = Pick<Context, 'ports' | 'settings'> & { readonly connection: ConnectionRecord };

export const tooMany = (retryAfter: number): WireError =>
  new WireError('RATE_LIMIT_EXCEEDED', `too many requests; come back after ${retryAfter} s`, { retryAfter });

/** Takes one token of a user's bucket for a class of frames. */
export const takeToken = (cx: LimitContext, kind: LimitClass): Awaitable<void> => {
  const rule = cx.settings.buckets[kind];
  if (rule === null) return undefined;
  return andThen(cx.ports.limiter.take(`${kind}:${cx.connection.userId}`, 1, rule), (taken) => {
    if (!taken.ok) throw tooMany(taken.retryAfter);
  });
};

const GRANTED: Taken = { ok: true, retryAfter: 0 };

/**
 * Counts a refused frame of one connection. A client that goes on sending for as many frames as a whole bucket holds is a
 * flood, and is closed with 4029.
 */
export const takeRefusal = (cx: LimitContext, kind: LimitClass): Awaitable<Taken> => {
  const rule = cx.settings.buckets[kind];
  return rule === null ? GRANTED : cx.ports.limiter.take(`flood:${cx.connection.connectionId}`, 1, rule);
};
