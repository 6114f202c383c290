import { WireError } from '@aideals/protocol';
import { errorFrame, replyFrame } from './delivery/frames.js';
import type { Exchange } from './exchange.js';
import type { ActionContext, Context } from './handler.js';
import { takeRefusal, takeToken } from './limits/frames.js';
import type { Continuation, Outcome, Push } from './outcome.js';
import { type Awaitable, andThen, type CloseNotice, type ConnectionRecord, type RecordPatch } from './ports/index.js';
import { TooLarge, walk } from './steps.js';

interface Collected {
  readonly pushes: Push[];
  readonly next: Continuation[];
  record?: RecordPatch;
  close?: CloseNotice;
}

const collecting = (base: Context, connection: ConnectionRecord, into: Collected): ActionContext => ({
  ...base,
  connection,
  push: (push) => {
    into.pushes.push(push);
  },
  patch: (patch) => {
    into.record = { ...into.record, ...patch };
  },
  next: (continuation) => {
    into.next.push(continuation);
  },
  close: (notice) => {
    into.close = notice;
  },
});

const answered = (x: Exchange, collected: Collected): Outcome => {
  const { answer } = x;
  const { pushes, next, record, close } = collected;
  return {
    ...(answer === undefined
      ? {}
      : { reply: replyFrame(answer.type, answer.data, x.requestId, x.cx.now, answer.envelope) }),
    ...(record === undefined ? {} : { record }),
    ...(pushes.length === 0 ? {} : { pushes }),
    ...(next.length === 0 ? {} : { next }),
    ...(close === undefined ? {} : { close }),
  };
};

/** What a client is told of a fault: nothing but where the operator finds it. */
const internal = (x: Exchange, error: unknown): WireError => {
  const errorId = x.cx.ports.ids.next('error');
  x.cx.ports.telemetry.event({ name: 'internal-error', errorId, where: `action ${x.action ?? 'unknown'}`, error });
  return new WireError('INTERNAL_ERROR', 'something went wrong here; tell the operator the errorId', { errorId });
};

const refusal = (x: Exchange, error: WireError): Outcome => ({ reply: errorFrame(error, x.requestId, x.cx.now) });

const flooded = (x: Exchange, error: WireError): Awaitable<Outcome> =>
  andThen(takeRefusal(x.cx, x.contract?.limit ?? 'other'), (taken) =>
    taken.ok ? refusal(x, error) : { ...refusal(x, error), close: { code: 4029, retryAfter: taken.retryAfter } },
  );

/** A frame that never came to the limit step pays all the same: junk is not free. */
const unpaid = (x: Exchange, error: WireError): Awaitable<Outcome> => {
  if (x.contract !== undefined) return refusal(x, error);
  try {
    const paid = takeToken(x.cx, 'other');
    if (paid instanceof Promise) {
      return paid.then(
        () => refusal(x, error),
        (limited: unknown) => refused(x, limited),
      );
    }
    return refusal(x, error);
  } catch (limited) {
    return refused(x, limited);
  }
};

const refused = (x: Exchange, error: unknown): Awaitable<Outcome> => {
  if (error instanceof TooLarge) return { close: { code: 1009 } };
  const wire = error instanceof WireError ? error : internal(x, error);
  if (wire.code === 'RATE_LIMIT_EXCEEDED') return flooded(x, wire);
  return unpaid(x, wire);
};

/** One frame of a connection: through the steps, to an outcome. */
export const handleFrame = (
  base: Context,
  connection: ConnectionRecord,
  text: string,
  bytes: number,
): Awaitable<Outcome> => {
  const collected: Collected = { pushes: [], next: [] };
  const x: Exchange = { cx: collecting(base, connection, collected), text, bytes };
  const { telemetry } = base.ports;
  const settle = (outcome: Outcome, how: string): Outcome => {
    telemetry.count('frames', { action: x.action ?? 'unknown', outcome: how });
    return outcome;
  };
  const fail = (error: unknown): Awaitable<Outcome> =>
    andThen(refused(x, error), (outcome) => settle(outcome, 'error'));
  try {
    const walked = walk(x);
    if (walked instanceof Promise) return walked.then(() => settle(answered(x, collected), 'ok'), fail);
    return settle(answered(x, collected), 'ok');
  } catch (error) {
    return fail(error);
  }
};
