import { type Directory, type Engine, errorFrame, type Outcome, type Ports } from '@aideals/core';
import { requestId as requestIdShape, WireError } from '@aideals/protocol';
import { type ApplyOptions, type Begun, createApply } from './apply.js';
import type { MessageEvent, ProxyResult } from './event.js';
import { type Message, readMessage } from './message.js';

export interface HandlerOptions extends Pick<ApplyOptions, 'post' | 'disconnect'> {
  readonly engine: Pick<Engine, 'frame' | 'resume'>;
  /** Where connections’ records are kept. */
  readonly records: Pick<Directory, 'get' | 'patch'>;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'telemetry'>;
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
 * The handlers of the routes that take messages. All that an exchange does is awaited before its result is returned: the
 * process may be frozen right after.
 */
export const createHandlers = (options: HandlerOptions) => {
  const { engine, records, ports } = options;
  const { clock, ids, telemetry } = ports;
  const apply = createApply({ ...options, clock });

  const errorResult = (error: WireError, message: Message | undefined): ProxyResult => ({
    statusCode: 200,
    body: errorFrame(error, requestIdOf(message), clock.now()).text,
  });

  const report = (where: string, error: unknown): string => {
    const errorId = ids.next('error');
    telemetry.event({ name: 'internal-error', errorId, where, error });
    return errorId;
  };

  const begin = async (event: MessageEvent, message: Message | undefined): Promise<Begun> => {
    const record = await records.get(event.requestContext.connectionId);
    if (record === undefined) {
      throw new WireError('CONNECTION_ERROR', 'this connection is not known; connect again');
    }
    const outcome: Outcome =
      message === undefined ? { close: { code: 1007 } } : await engine.frame(record, message.text, message.bytes);
    return apply.begin(record, outcome);
  };

  /** Whoever was told `yes` and did not get what follows must come back for it. */
  const giveUp = async (connectionId: string): Promise<void> => {
    try {
      await apply.close(connectionId, { code: 1011 });
    } catch (error) {
      report('close', error);
    }
  };

  return {
    /** Any route that takes a message: the engine finds the action. Never rejects: API Gateway’s own words for a fault are no frame. */
    async default(event: MessageEvent): Promise<ProxyResult> {
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
  };
};
