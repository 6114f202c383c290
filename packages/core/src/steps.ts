import {
  type ActionContract,
  clientFrame,
  actions as contracts,
  fieldErrors,
  isAction,
  WireError,
} from '@aideals/protocol';
import { isExpired } from './auth/expiry.js';
import type { Exchange } from './exchange.js';
import { actions as handlers } from './generated/actions.js';
import type { ActionContext } from './handler.js';
import { takeToken } from './limits/frames.js';
import { type Awaitable, andThen } from './ports/index.js';
import { parseJson } from './text.js';

/** One thing that is done to every frame. A refusal is thrown as a WireError. */
export interface Step {
  readonly name: string;
  readonly run: (x: Exchange) => Awaitable<void>;
}

/** Thrown where a message is over its size: the connection is closed with 1009. */
export class TooLarge extends Error {}

const shown = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

const size = (x: Exchange): void => {
  if (x.bytes > x.cx.settings.limits.messageBytes) throw new TooLarge();
};

const parse = (x: Exchange): void => {
  x.json = parseJson(x.text, x.cx.settings.limits.nesting);
};

/** The id is taken before the frame is judged, so that the answer to a wrong frame can carry it. */
const requestIdOf = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null || !('requestId' in json)) return undefined;
  const { requestId } = json;
  return typeof requestId === 'string' && requestId.length >= 1 && requestId.length <= 128 ? requestId : undefined;
};

const envelope = (x: Exchange): void => {
  const requestId = requestIdOf(x.json);
  if (requestId !== undefined) x.requestId = requestId;
  const parsed = clientFrame.safeParse(x.json);
  if (!parsed.success) throw WireError.fields(fieldErrors(parsed.error, x.json, [], []));
  const { action, data } = parsed.data;
  if (!isAction(action)) {
    throw new WireError('VALIDATION_ERROR', `Unknown action: ${shown(action)}`, {
      fields: [{ path: 'action', message: `must be one of ${Object.keys(contracts).join(', ')}` }],
    });
  }
  x.action = action;
  x.contract = contracts[action] as ActionContract;
  x.data = data ?? {};
};

/** Only a refresh that brings a token is served on an expired one. */
const tokenExpiry = (x: Exchange): void => {
  if (!isExpired(x.cx.connection, x.cx.now)) return;
  const { token } = x.data as { token?: unknown };
  if (x.action === 'refreshToken' && token !== undefined) return;
  throw new WireError('AUTHENTICATION_ERROR', 'the token is expired; send refreshToken with a new one', {
    closeCode: 4001,
  });
};

const limit = (x: Exchange): Awaitable<void> => takeToken(x.cx, (x.contract as ActionContract).limit);

const schema = (x: Exchange): void => {
  const { input } = x.contract as ActionContract;
  const parsed = input.safeParse(x.data);
  if (!parsed.success) {
    const known = 'shape' in input ? Object.keys(input.shape as object) : [];
    throw WireError.fields(fieldErrors(parsed.error, x.data, ['data'], known));
  }
  x.input = parsed.data;
};

const scope = (x: Exchange): void => {
  const needed = x.contract?.scope;
  if (needed === undefined || x.cx.connection.scopes.includes(needed)) return;
  throw new WireError('AUTHORIZATION_ERROR', `the token lacks the scope ${needed}`);
};

const handler = (x: Exchange): Awaitable<void> => {
  const handle = handlers[x.action as keyof typeof handlers] as (
    cx: ActionContext,
    input: unknown,
  ) => Awaitable<NonNullable<Exchange['answer']>>;
  return andThen(handle(x.cx, x.input), (answer) => {
    x.answer = answer;
  });
};

/** What every frame goes through, in this order. The outcome is made from what they leave. */
export const steps: readonly Step[] = [
  { name: 'size', run: size },
  { name: 'parse', run: parse },
  { name: 'envelope', run: envelope },
  { name: 'token expiry', run: tokenExpiry },
  { name: 'limit', run: limit },
  { name: 'schema', run: schema },
  { name: 'scope', run: scope },
  { name: 'handler', run: handler },
];

/** Runs the steps from `at` on, without a promise as long as none of them needs one. */
export const walk = (x: Exchange, at = 0): Awaitable<void> => {
  for (let i = at; i < steps.length; i += 1) {
    const ran = (steps[i] as Step).run(x);
    if (ran instanceof Promise) return ran.then(() => walk(x, i + 1));
  }
};
