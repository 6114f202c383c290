import { AidealsError } from '../errors.js';
import { milliseconds } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';
import type { Sub } from './state.js';
import { send, sendable, set, type Turn } from './turn.js';

/** Whether another subscription lives, or will, by the same one of the server. */
const shared = (turn: Turn, key: string): boolean =>
  [...turn.state.subs.values()].some(
    (sub) =>
      (sub.key === key && sub.phase !== 'waiting') || (sub.before?.key === key && sub.before.serverId !== undefined),
  );

const endOnServer = (turn: Turn, subscriptionId: string): void => {
  const requestId = send(turn, 'unsubscribeFromDeals', { subscriptionId });
  set(turn, { ending: new Map(turn.state.ending).set(subscriptionId, { requestId, retryAt: undefined }) });
};

/** Ends a subscription of the server that no one of ours lives by any more. */
export const release = (turn: Turn, key: string, serverId: string | undefined): void => {
  if (serverId !== undefined && sendable(turn.state) && !shared(turn, key)) endOnServer(turn, serverId);
};

/** Remembers a question whose answer nobody waits for any more. */
export const orphan = (turn: Turn, sub: Sub): void => {
  if (sub.ask !== undefined) set(turn, { orphans: new Map(turn.state.orphans).set(sub.ask.requestId, sub.key) });
};

/** Asks once more for what the server refused to end then. */
export const endDue = (turn: Turn): void => {
  for (const [serverId, { retryAt }] of turn.state.ending) {
    if (retryAt !== undefined && retryAt <= turn.moment.now) endOnServer(turn, serverId);
  }
};

const ended = (turn: Turn, serverId: string, frame: ServerFrame): void => {
  const ending = new Map(turn.state.ending);
  const error = frame.type === 'error' ? AidealsError.of(frame) : undefined;
  if (error?.code === 'RATE_LIMIT_EXCEEDED') {
    const retryAt = turn.moment.now + (milliseconds(error.details['retryAfter']) ?? 1000) + turn.moment.random * 1000;
    ending.set(serverId, { requestId: '', retryAt });
  } else {
    ending.delete(serverId);
  }
  set(turn, { ending });
};

/** Takes the answer to the end of a subscription, or to a question that nobody asks any more. False where it is neither. */
export const endingFrame = (turn: Turn, requestId: string, frame: ServerFrame): boolean => {
  for (const [serverId, end] of turn.state.ending) {
    if (end.requestId !== requestId) continue;
    ended(turn, serverId, frame);
    return true;
  }
  const key = turn.state.orphans.get(requestId);
  if (key === undefined) return false;
  const orphans = new Map(turn.state.orphans);
  orphans.delete(requestId);
  set(turn, { orphans });
  if (frame.type !== 'error') release(turn, key, String(frame.data['subscriptionId']));
  return true;
};
