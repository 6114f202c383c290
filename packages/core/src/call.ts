import {
  type CallContract,
  type CallName,
  calls as contracts,
  type FieldError,
  fieldErrors,
  type Json,
  WireError,
} from '@aideals/protocol';
import type { Principal } from './auth/principal.js';
import { errorFrame } from './delivery/frames.js';
import type { CallResponse, Credentials, RawCall } from './engine-api.js';
import { calls as handlers } from './generated/calls.js';
import type { CallAnswer, CallContext, Context } from './handler.js';
import { tooMany } from './limits/frames.js';
import type { Awaitable } from './ports/index.js';
import { parseJson } from './text.js';

export interface CallSettings extends Context {
  readonly apiKey: (given: string) => Principal | undefined;
}

const UNAVAILABLE_SECONDS = 5;

const byToken = async (cx: CallSettings, token: string, ip: string): Promise<Principal> => {
  const verified = await cx.tokens.verifier.verify(token);
  if (verified.ok) return { kind: 'user', name: verified.claims.sub, scopes: verified.claims.scopes };
  cx.ports.telemetry.event({ name: 'auth-refused', reason: verified.reason, ip });
  if (verified.problem === 'unavailable') {
    throw new WireError('CONNECTION_ERROR', 'tokens cannot be verified now; try again', undefined, 503);
  }
  throw new WireError(
    'AUTHENTICATION_ERROR',
    verified.problem === 'expired' ? 'the token is expired' : 'the token is not valid',
  );
};

export const authenticate = async (cx: CallSettings, { bearer, apiKey, ip }: Credentials): Promise<Principal> => {
  const given = apiKey ?? bearer;
  if (given === undefined || given === '') {
    throw new WireError(
      'AUTHENTICATION_ERROR',
      'a token or an API key is required, as Authorization: Bearer or X-Api-Key',
    );
  }
  const byKey = cx.apiKey(given);
  if (byKey !== undefined) return byKey;
  if (apiKey !== undefined) throw new WireError('AUTHENTICATION_ERROR', 'the API key is not known');
  return byToken(cx, given, ip);
};

export const authorise = (principal: Principal, contract: CallContract): void => {
  if (contract.scope === undefined) {
    if (principal.kind === 'user') return;
    throw new WireError(
      'AUTHORIZATION_ERROR',
      'this is about what is a user’s own: it takes a user’s token, and no API key',
    );
  }
  if (principal.scopes.includes(contract.scope)) return;
  throw new WireError('AUTHORIZATION_ERROR', `the token or key lacks the scope ${contract.scope}`);
};

export const pay = async (cx: CallSettings, principal: Principal, contract: CallContract): Promise<void> => {
  const rule = cx.settings.buckets[contract.limit];
  if (rule === null) return;
  const taken = await cx.ports.limiter.take(`${contract.limit}:${principal.kind}:${principal.name}`, 1, rule);
  if (!taken.ok) throw tooMany(taken.retryAfter);
};

type Schema = NonNullable<CallContract['body']>;

const fieldsOf = (schema: Schema): string[] => ('shape' in schema ? Object.keys(schema.shape as object) : []);

type Checked = { readonly value: unknown; readonly wrong: readonly FieldError[] };

export const check = (schema: Schema, value: unknown, root: readonly PropertyKey[]): Checked => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data, wrong: [] };
  return { value: undefined, wrong: fieldErrors(parsed.error, value, root, fieldsOf(schema)) };
};

const checked = (schema: Schema | undefined, given: unknown, root: readonly PropertyKey[]): unknown => {
  if (schema === undefined) return undefined;
  const { value, wrong } = check(schema, given, root);
  if (wrong.length > 0) throw WireError.fields(wrong);
  return value;
};

const MOST_FIELDS = 20;

/** All or nothing: every wrong field of every item is named, up to a bound. */
const items = (schema: Schema, most: number, json: Json): readonly unknown[] => {
  if (!Array.isArray(json)) return [checked(schema, json, [])];
  if (json.length === 0 || json.length > most) throw WireError.field('', `a list must have 1 to ${most} items`);
  const all = json.map((item, i) => check(schema, item, [i]));
  const wrong = all.flatMap((each) => each.wrong).slice(0, MOST_FIELDS);
  if (wrong.length > 0) throw WireError.fields(wrong);
  return all.map((each) => each.value);
};

interface Body {
  readonly value: unknown;
  readonly listed: boolean;
}

const bodyOf = (cx: CallSettings, contract: CallContract, text: string | undefined): Body => {
  if (contract.body === undefined) return { value: undefined, listed: false };
  if (text === undefined || text.trim() === '') throw WireError.field('', 'a JSON body is required');
  const json = parseJson(text, cx.settings.limits.nesting);
  const listed = Array.isArray(json) && contract.many !== undefined;
  const { body, many } = contract;
  return { value: many === undefined ? checked(body, json, []) : items(body, many, json), listed };
};

/** The key and the digest of a body, or of the part of one. */
export const idempotencyOf = (
  cx: CallSettings,
  principal: Principal,
  contract: CallContract,
  raw: Pick<RawCall, 'idempotencyKey' | 'body'>,
  part = '',
) => {
  const given = raw.idempotencyKey;
  if (given === undefined || contract.idempotent !== true) return undefined;
  if (given.length < 1 || given.length > 255) {
    throw WireError.field('Idempotency-Key', 'must have 1 to 255 characters');
  }
  const key = cx.ports.digest(
    JSON.stringify([principal.kind, principal.name, contract.path, given, ...(part === '' ? [] : [part])]),
  );
  return { key, digest: cx.ports.digest(raw.body ?? '') };
};

const answer = (reply: unknown, listed: boolean, many: boolean): string | undefined => {
  if (reply === undefined) return undefined;
  return JSON.stringify(many && !listed ? (reply as unknown[])[0] : reply);
};

const serve = async (cx: CallSettings, principal: Principal, raw: RawCall): Promise<CallResponse> => {
  const contract: CallContract = contracts[raw.call];
  authorise(principal, contract);
  await pay(cx, principal, contract);
  const params = checked(contract.params, raw.params, ['path']);
  const query = checked(contract.query, raw.query, ['query']);
  const { value: body, listed } = bodyOf(cx, contract, raw.body);
  const idempotency = idempotencyOf(cx, principal, contract, raw);
  const context: CallContext = { ...cx, principal, idempotency };
  const handle = handlers[raw.call] as (
    context: CallContext,
    request: { params: unknown; query: unknown; body: unknown },
  ) => Awaitable<CallAnswer<CallName>>;
  const { reply, replayed } = await handle(context, { params, query, body });
  const text = answer(reply, listed, contract.many !== undefined);
  return {
    status: text === undefined ? 204 : 200,
    body: text,
    ...(replayed === true ? { replayed: true } : {}),
  };
};

export const refused = (error: WireError, now: number): CallResponse => {
  const told = error.details?.['retryAfter'];
  const retryAfter = typeof told === 'number' ? told : error.status === 503 ? UNAVAILABLE_SECONDS : undefined;
  return {
    status: error.status,
    body: errorFrame(error, undefined, now).text,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
};

/** What a client is told of a fault: nothing but where the operator finds it. */
export const faultOf = (cx: CallSettings, call: CallName, error: unknown): WireError => {
  if (error instanceof WireError) return error;
  const errorId = cx.ports.ids.next('error');
  cx.ports.telemetry.event({ name: 'internal-error', errorId, where: `call ${call}`, error });
  return new WireError('INTERNAL_ERROR', 'something went wrong here; tell the operator the errorId', { errorId });
};

/** One HTTP call: who, may they, how often, is it well formed; then its handler. Never throws. */
export const handleCall = async (cx: CallSettings, credentials: Credentials, raw: RawCall): Promise<CallResponse> => {
  try {
    return await serve(cx, await authenticate(cx, credentials), raw);
  } catch (error) {
    return refused(faultOf(cx, raw.call, error), cx.now);
  }
};
