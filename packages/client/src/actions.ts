import type { CallOptions } from './calls.js';
import type { ActionName, JsonObject } from './frames.js';
import { type ActionDataMap, type ActionReplyMap, actionNames } from './generated/wire.js';

/** The data of an action's answer. */
export type ReplyData<A extends ActionName> = ActionReplyMap[A]['data'];

type Optional<T> = Record<string, never> extends T ? true : false;

/**
 * Every action as a method. Resolves to the data of the answer; rejects with an AidealsError where the answer is an error,
 * does not come in time, or the connection ends before it.
 */
export type Actions = {
  readonly [A in ActionName]: Optional<ActionDataMap[A]> extends true
    ? (data?: ActionDataMap[A], options?: CallOptions) => Promise<ReplyData<A>>
    : (data: ActionDataMap[A], options?: CallOptions) => Promise<ReplyData<A>>;
};

export type Call = (action: ActionName, data: object, options: CallOptions) => Promise<JsonObject>;

/** An id that no one else makes. Pages that were not loaded over TLS have no randomUUID. */
const uniqueId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** What goes out for an action: a chat message gets an id by which the server knows a repeat. */
const completed = (action: ActionName, data: object): object =>
  action === 'sendMessage' && !('clientMessageId' in data && data.clientMessageId !== undefined)
    ? { ...data, clientMessageId: uniqueId() }
    : data;

export const actionsOver = (call: Call): Actions => {
  const methods = actionNames.map((action) => [
    action,
    (data: object = {}, options: CallOptions = {}) => call(action, completed(action, data), options),
  ]);
  return Object.freeze(Object.fromEntries(methods)) as Actions;
};
