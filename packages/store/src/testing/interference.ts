import type { DynamoClient } from '../dynamodb/client.js';

/** A request as it is about to be sent: the operation's name, such as `PutItem`, and what it asks for. */
export interface Sent {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has another shape, and a test knows which it looks at.
  readonly input: any;
}

/** What a test does to a request: throws before or after it is carried out, however it went, or answers in its place. */
export interface Interference {
  before?(sent: Sent): void;
  /** Gives an answer, so that the request is never sent; undefined lets it through. */
  instead?(sent: Sent): object | undefined | Promise<object | undefined>;
  after?(sent: Sent): void;
}

export interface Interfered {
  /** Every request that was sent, or kept from it, in order. */
  readonly sent: Sent[];
  /** Changes what is done from here on; nothing where it is left out. */
  now(interference?: Interference): void;
}

/** Comes between a client and DynamoDB. */
export const interfere = (client: DynamoClient): Interfered => {
  let current: Interference = {};
  const sent: Sent[] = [];
  const send = client.requests.send as (operation: string, input: object, signal: AbortSignal) => Promise<object>;
  const between = async (operation: string, input: object, signal: AbortSignal): Promise<object> => {
    const request = { operation, input };
    sent.push(request);
    current.before?.(request);
    const output = await current.instead?.(request);
    if (output !== undefined) return output;
    const carriedOut = send(operation, input, signal);
    await carriedOut.catch(() => undefined);
    current.after?.(request);
    return carriedOut;
  };
  Object.assign(client.requests, { send: between });
  return {
    sent,
    now: (interference = {}) => {
      current = interference;
    },
  };
};

/** An error as the SDK throws it. */
export const fault = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error('told by a test'), { name, $metadata: { httpStatusCode } });

/** The connection broke: whether the request was carried out is not known. */
export const cut = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/** Does something the first so many times. */
export const times = (n: number, act: () => void): (() => void) => {
  let left = n;
  return () => {
    if (left <= 0) return;
    left -= 1;
    act();
  };
};

/** For tests: few attempts, and no pauses to speak of. */
export const IMPATIENT = {
  attemptMs: 2_000,
  deadlineMs: 4_000,
  attempts: 4,
  firstPauseMs: 1,
  longestPauseMs: 2,
  breakAfter: 1_000,
};
