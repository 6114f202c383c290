import type { Outcome } from '@aideals/core';
import type { ProxyResult } from './event.js';

/** A frame to be posted to a connection. */
export interface Post {
  readonly connectionId: string;
  readonly text: string;
}

export interface OutcomeAnswer {
  /** What the function returns, after all else is done. */
  readonly result: ProxyResult;
  /** To be posted before that, one after another. */
  readonly posts: readonly Post[];
}

/** Whether the connection hears more than the reply: API Gateway would send the result’s body after all of that. */
const saysMore = (connectionId: string, { pushes = [], next = [], close }: Outcome): boolean =>
  next.length > 0 || close !== undefined || pushes.some(({ to }) => to.includes(connectionId));

/**
 * How an outcome is told by a route with a route response: the reply is the result’s body where it is all that the
 * connection hears, and is posted first where it is not.
 */
export const answerOutcome = (connectionId: string, outcome: Outcome): OutcomeAnswer => {
  const { reply, pushes = [] } = outcome;
  const pushed = pushes.flatMap(({ to, frame }) => to.map((id) => ({ connectionId: id, text: frame.text })));
  if (reply === undefined) return { result: { statusCode: 200 }, posts: pushed };
  if (!saysMore(connectionId, outcome)) return { result: { statusCode: 200, body: reply.text }, posts: pushed };
  return { result: { statusCode: 200 }, posts: [{ connectionId, text: reply.text }, ...pushed] };
};
