import { type AwsAnswer, type AwsRequest, answerAwsCall, type Posted, type SecretOf } from '@aideals/aws-api';
import type { AccountQuota } from '../account-quota.js';
import type { Disorder } from '../disorder.js';
import type { Lambda } from '../functions/lambda.js';
import type { WebSocketApi } from '../websocket/websocket-api.js';

export interface AwsCallsOptions {
  readonly keys: SecretOf;
  readonly stage: string;
  readonly api: Pick<WebSocketApi, 'find'>;
  readonly lambda: Lambda;
  readonly quota: AccountQuota;
  readonly disorder: Disorder;
  readonly messageBytes: number;
  /** Told of each call of `@connections`, also a refused one. */
  readonly called?: (what: 'get' | 'post' | 'delete', outcome: 'done' | 'gone' | 'refused') => void;
}

/** What an invocation that is waited for may bring, and one that is not. */
const REQUEST_BYTES = 6 * 1_048_576;
const EVENT_BYTES = 1_048_576;

/** The quota of the account is used up. */
class Refused extends Error {}

const refusal: AwsAnswer = {
  status: 429,
  headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': 'LimitExceededException' },
  body: JSON.stringify({ message: 'Too Many Requests' }),
};

/** `@connections` and the invocation of functions, as AWS answers them. */
export const createAwsCalls = (options: AwsCallsOptions) => {
  const { keys, stage, api, lambda, quota, disorder, messageBytes, called } = options;

  const admit = (what: 'get' | 'post' | 'delete'): void => {
    if (quota.take() && !disorder.happens('refusedCalls')) return;
    called?.(what, 'refused');
    throw new Refused();
  };

  const connections = {
    async get(connectionId: string) {
      admit('get');
      const found = api.find(connectionId);
      called?.('get', found === undefined ? 'gone' : 'done');
      if (found === undefined) return undefined;
      const { connectedAt, sourceIp, userAgent } = found.source;
      const { lastActiveAt } = found;
      return { connectedAt, lastActiveAt, sourceIp, ...(userAgent === undefined ? {} : { userAgent }) };
    },
    async post(connectionId: string, text: string): Promise<Posted> {
      admit('post');
      const found = api.find(connectionId);
      const posted = found === undefined ? 'gone' : found.send(text) ? 'sent' : 'busy';
      called?.('post', posted === 'sent' ? 'done' : posted === 'gone' ? 'gone' : 'refused');
      return posted;
    },
    async delete(connectionId: string) {
      admit('delete');
      const found = api.find(connectionId);
      called?.('delete', found === undefined ? 'gone' : 'done');
      found?.disconnect();
      return found !== undefined;
    },
  };

  const functions = {
    invoke: (name: string, payload: string) => lambda.invoke(name, payload),
    queue: (name: string, payload: string) => lambda.queue(name, payload),
  };

  /** Undefined where the path is neither’s. */
  return async (request: AwsRequest): Promise<AwsAnswer | undefined> => {
    try {
      return await answerAwsCall(request, {
        ...{ keys, stage, connections, functions },
        // Requests are signed by the callers’ own clocks, whatever time it is here.
        now: () => Date.now(),
        limits: { messageBytes, bodyBytes: REQUEST_BYTES, eventBytes: EVENT_BYTES },
      });
    } catch (error) {
      if (error instanceof Refused) return refusal;
      throw error;
    }
  };
};
