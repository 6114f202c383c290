import { WireError } from '@aideals/protocol';
import { errorFrame, replyFrame } from './delivery/frames.js';
import { Exchange } from './exchange.js';
import type { ActionContext, Context } from './handler.js';
import { takeRefusal, takeToken } from './limits/frames.js';
import type { Continuation, Outcome, Push } from './outcome.js';
import { type Awaitable, andThen, type CloseNotice, type ConnectionRecord, type RecordPatch } from './ports/index.js';
import { TooLarge, walk } from './steps.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The context of one frame, and what its handler collects. A class, since one is made for every frame. */
class Collector implements ActionContext {
  readonly ports: Context['ports'];
  readonly settings: Context['settings'];
  readonly tokens: Context['tokens'];
  readonly now: number;
  readonly systemStatus: Context['systemStatus'];
  readonly connection: ConnectionRecord;
  pushes: Push[] | undefined = undefined;
  continuations: Continuation[] | undefined = undefined;
  record: RecordPatch | undefined = undefined;
  notice: CloseNotice | undefined = undefined;

  constructor(base: Context, connection: ConnectionRecord) {
    this.ports = base.ports;
    this.settings = base.settings;
    this.tokens = base.tokens;
    this.now = base.now;
    this.systemStatus = base.systemStatus;
    this.connection = connection;
  }

  push(push: Push): void {
    this.pushes ??= [];
    this.pushes.push(push);
  }

  patch(patch: RecordPatch): void {
    this.record = { ...this.record, ...patch };
  }

  next(continuation: Continuation): void {
    this.continuations ??= [];
    this.continuations.push(continuation);
  }

  close(notice: CloseNotice): void {
    this.notice = notice;
  }
}

const answered = (x: Exchange, collected: Collector): Outcome => {
  const { answer } = x;
  const { pushes, continuations, record, notice } = collected;
  const outcome: Mutable<Outcome> = {};
  if (answer !== undefined) {
    outcome.reply = replyFrame(answer.type, answer.data, x.requestId, collected.now, answer.envelope);
  }
  if (record !== undefined) outcome.record = record;
  if (pushes !== undefined) outcome.pushes = pushes;
  if (continuations !== undefined) outcome.next = continuations;
  if (notice !== undefined) outcome.close = notice;
  return outcome;
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
  const collected = new Collector(base, connection);
  const x = new Exchange(collected, text, bytes);
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
