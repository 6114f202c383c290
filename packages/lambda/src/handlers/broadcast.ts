import type { Engine } from '@aideals/core';
import type { ProxyResult } from '../event.js';

export interface BroadcastOptions {
  readonly engine: Pick<Engine, 'call'>;
  /** The API key of whoever may invoke functions: IAM has decided. */
  readonly invokerKey: string;
  /** The same for each repeat of an invocation: what one that was cut off published is not published again. */
  readonly invocationId: () => string | undefined;
}

const messageOf = (body: string | undefined): string => {
  const { data } = JSON.parse(body ?? '{}') as { data?: { message?: string; details?: { fields?: unknown } } };
  return data?.message ?? 'unknown';
};

const failed = (error: string): ProxyResult => ({
  statusCode: 500,
  body: JSON.stringify({ broadcast: 'failed', error }),
});

/** The function `broadcast`, invoked with an event or a list of them, and its answers as the guide has them. */
export const createBroadcast = ({ engine, invokerKey, invocationId }: BroadcastOptions) => {
  const credentials = { bearer: undefined, apiKey: invokerKey, ip: '' };
  return async (event: unknown): Promise<ProxyResult> => {
    const { status, body } = await engine.call(credentials, {
      call: 'broadcast',
      params: {},
      query: {},
      body: JSON.stringify(event ?? {}),
      idempotencyKey: invocationId(),
    });
    return status === 200 ? { statusCode: 200, ...(body === undefined ? {} : { body }) } : failed(messageOf(body));
  };
};
