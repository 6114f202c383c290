import type {
  ActionInput,
  ActionName,
  ActionReply,
  CallBody,
  CallName,
  CallParams,
  CallQuery,
  CallReply,
  ServerFrame,
} from '@aideals/protocol';
import type { Principal } from './auth/principal.js';
import type { TokenIssuer, TokenVerifier } from './auth/tokens.js';
import type { Continuation, Push } from './outcome.js';
import type { Awaitable, CloseNotice, ConnectionRecord, Ports, RecordPatch } from './ports/index.js';
import type { Settings } from './settings.js';

/** What the engine gives to every handler. */
export interface Context {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly tokens: { readonly verifier: TokenVerifier; readonly issuer: TokenIssuer | undefined };
  /** Unix milliseconds at the start of the exchange. */
  readonly now: number;
  readonly systemStatus: () => 'operational' | 'degraded' | 'draining';
}

/** What an action gets besides. What it collects is applied after its reply. */
export interface ActionContext extends Context {
  readonly connection: ConnectionRecord;
  /** Sends a frame after the reply. */
  push(push: Push): void;
  /** Changes the connection's record. */
  patch(patch: RecordPatch): void;
  /** Goes on with this after the reply. */
  next(continuation: Continuation): void;
  close(notice: CloseNotice): void;
}

type Extras = { readonly envelope?: Partial<Pick<ServerFrame, 'lastEventId'>> };

/** Answers a frame, or throws a WireError. */
export type ActionHandler<A extends ActionName> = (
  cx: ActionContext,
  input: ActionInput<A>,
) => Awaitable<ActionReply<A> & Extras>;

export type ActionHandlers = { readonly [A in ActionName]: ActionHandler<A> };

export interface CallContext extends Context {
  readonly principal: Principal;
  /** The `Idempotency-Key`, scoped to principal and path, and the digest of the body. */
  readonly idempotency: { readonly key: string; readonly digest: string } | undefined;
}

export interface CallRequest<C extends CallName> {
  readonly params: CallParams<C>;
  readonly query: CallQuery<C>;
  readonly body: CallBody<C>;
}

/** `reply` is the body of a 200, a list where a list was given; undefined makes a 204. */
export interface CallAnswer<C extends CallName> {
  readonly reply: CallReply<C> | CallReply<C>[];
  readonly replayed?: boolean;
}

/** Answers an HTTP call, or throws a WireError. */
export type CallHandler<C extends CallName> = (cx: CallContext, request: CallRequest<C>) => Awaitable<CallAnswer<C>>;

export type CallHandlers = { readonly [C in CallName]: CallHandler<C> };
