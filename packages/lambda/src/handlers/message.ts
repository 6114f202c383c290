import { type ConnectionRecord, type Engine, errorFrame, type Outcome, type Ports } from '@aideals/core';
import { requestId as requestIdShape, WireError } from '@aideals/protocol';
import type { SleepingDirectory } from '@aideals/store/dynamodb';
import { type Apply, type ApplyOptions, type Begun, together } from '../apply.js';
import type { MessageEvent, OwnEvent, ProxyResult } from '../event.js';
import { type Message, readMessage } from '../frame-text.js';
import { withOwnId } from '../once.js';

export interface MessageOptions {
  readonly engine: Pick<Engine, 'frame' | 'opened'>;
  readonly directory: Pick<SleepingDirectory, 'load' | 'beginHandover'>;
  readonly apply: Apply;
  readonly close: ApplyOptions['close'];
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'telemetry'>;
  readonly invocationId: () => string;
  /** What a connection missed while its token was expired, as offsets of the log. */
  readonly missed: (record: ConnectionRecord) => Promise<{ readonly after: number; readonly until: number }>;
}

/** For an answer that the engine could not give: it may not even have seen the frame. */
const requestIdOf = (message: Message | undefined): string | undefined => {
  try {
    const frame = JSON.parse(message?.text ?? '') as { requestId?: unknown } | null;
    return requestIdShape.safeParse(frame?.requestId).data;
  } catch {
    return undefined;
  }
};

/**
 * The handler of the routes that take messages: the engine finds the action. All that an exchange does is awaited before its
 * result is returned: the process may be frozen right after.
 */
export const createMessages = (options: MessageOptions) => {
  const { engine, directory, apply, close, ports, invocationId, missed } = options;
  const { clock, ids, telemetry } = ports;

  const errorResult = (error: WireError, message: Message | undefined): ProxyResult => ({
    statusCode: 200,
    body: errorFrame(error, requestIdOf(message), clock.now()).text,
  });

  const report = (where: string, error: unknown): string => {
    const errorId = ids.next('error');
    telemetry.event({ name: 'internal-error', errorId, where, error });
    return errorId;
  };

  /** Nothing was held for it while its token was expired: the log is read from before that on. */
  const catchingUp = async (record: ConnectionRecord, outcome: Outcome): Promise<Outcome> => {
    const { next } = outcome;
    if (record.expired !== true || next?.some(({ kind }) => kind === 'catchup') !== true) return outcome;
    const range = await missed(record);
    return { ...outcome, next: next.map((each) => (each.kind === 'catchup' ? { ...each, ...range } : each)) };
  };

  const begin = async (event: MessageEvent, message: Message | undefined): Promise<Begun> => {
    const { connectionId, messageId } = event.requestContext;
    const loaded = await directory.load(connectionId);
    if (loaded === undefined) throw new WireError('CONNECTION_ERROR', 'this connection is not known; connect again');
    const { record, handover } = loaded;
    if (message === undefined) return apply.begin(record, { close: { code: 1007 } });
    const outcome = await catchingUp(
      record,
      await engine.frame(record, withOwnId(message.text, messageId), message.bytes),
    );
    const isFirst = handover === 'due' && record.expired !== true;
    if (!isFirst || !(await directory.beginHandover(connectionId, invocationId()))) return apply.begin(record, outcome);
    return apply.begin(record, together(outcome, await engine.opened(record)));
  };

  /** Whoever was told `yes` and did not get what follows must come back for it. */
  const giveUp = async (connectionId: string): Promise<void> => {
    try {
      await close(connectionId, { code: 1011 });
    } catch (error) {
      report('close', error);
    }
  };

  return {
    /** Any message. Never rejects: API Gateway’s own words for a fault are no frame. */
    async message(event: MessageEvent): Promise<ProxyResult> {
      const { connectionId, routeKey } = event.requestContext;
      const message = readMessage(event);
      let begun: Begun;
      try {
        begun = await begin(event, message);
      } catch (error) {
        if (error instanceof WireError) return errorResult(error, message);
        const errorId = report(`route ${routeKey}`, error);
        const text = 'something went wrong here; tell the operator the errorId';
        return errorResult(new WireError('INTERNAL_ERROR', text, { errorId }), message);
      }
      try {
        await begun.finish();
      } catch (error) {
        report(`what follows on route ${routeKey}`, error);
        if (begun.result.body === undefined) await giveUp(connectionId);
      }
      return begun.result;
    },

    /** Pages that did not fit into the invocation that began them. */
    async goOn({ connectionId, next }: Extract<OwnEvent, { pages: unknown }>['pages']): Promise<void> {
      try {
        const loaded = await directory.load(connectionId);
        if (loaded !== undefined) await apply.pages(loaded.record, next);
      } catch (error) {
        report('pages', error);
        await giveUp(connectionId);
      }
    },
  };
};
