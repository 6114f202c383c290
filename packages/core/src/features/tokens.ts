import { WireError } from '@aideals/protocol';
import type { Claims, TokenIssuer, TokenVerifier } from '../auth/tokens.js';
import { pushFrame } from '../delivery/frames.js';
import type { Continuation, Outcome } from '../outcome.js';
import { type ConnectionRecord, type DueEvent, type Ports, type RecordPatch, toSeconds } from '../ports/index.js';
import type { Settings } from '../settings.js';

export interface TokenContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly tokens: { readonly verifier: TokenVerifier; readonly issuer: TokenIssuer | undefined };
  readonly now: number;
}

const WARNING_SECONDS = 60;
const ISSUED_SECONDS = 3_600;
const SIGN_IN_SECONDS = 86_400;

type TokenDue = Extract<DueEvent, { connectionId: string }>;
type TokenTimeContext = Pick<TokenContext, 'ports' | 'settings' | 'now'>;

const timerKey = (connectionId: string): string => `token:${connectionId}`;

/** The first sign-in of the user, as far as the token tells: Unix seconds. */
export const firstSignIn = (claims: Claims, now: number): number => claims.authTime ?? claims.iat ?? toSeconds(now);

const warningMs = ({ settings }: TokenTimeContext): number => (settings.tokenWarningSeconds ?? WARNING_SECONDS) * 1000;

/** Sets the timer for what comes next in the life of a token: the warning, the expiry, the close. One timer a connection. */
export const watchToken = async (cx: TokenTimeContext, record: ConnectionRecord): Promise<void> => {
  const { connectionId, tokenExp } = record;
  const warnAt = tokenExp * 1000 - warningMs(cx);
  await cx.ports.schedule.set(timerKey(connectionId), Math.max(warnAt, cx.now), {
    kind: 'token-expiring',
    connectionId,
  });
};

export const unwatchToken = (ports: Pick<Ports, 'schedule'>, connectionId: string) =>
  ports.schedule.cancel(timerKey(connectionId));

/** A timer fired. It is a hint: the record's own expiry decides. */
export const tokenDue = async (cx: TokenTimeContext, record: ConnectionRecord, event: TokenDue): Promise<Outcome> => {
  const { connectionId, tokenExp } = record;
  const { schedule, directory, gateway, ids } = cx.ports;
  const expiresAt = tokenExp * 1000;
  const closeAt = expiresAt + cx.settings.limits.tokenGraceSeconds * 1000;
  if (event.kind === 'token-expiring') {
    if (expiresAt - warningMs(cx) > cx.now) {
      await watchToken(cx, record);
      return {};
    }
    await schedule.set(timerKey(connectionId), expiresAt, { kind: 'token-expired', connectionId });
    const frame = pushFrame('tokenExpiring', { expiresAt: tokenExp }, cx.now);
    return { pushes: [{ to: [connectionId], frame }] };
  }
  if (expiresAt > cx.now) {
    await watchToken(cx, record);
    return {};
  }
  if (event.kind === 'token-expired') {
    // From here on nothing is pushed: events are held, and senders of stored messages only store.
    gateway.hold(connectionId);
    await directory.mark(connectionId, ids.next('mark'));
    await schedule.set(timerKey(connectionId), closeAt, { kind: 'token-grace', connectionId });
    return { record: { expired: true } };
  }
  return { close: { code: 4001 } };
};

export interface Refreshed {
  readonly token: string;
  readonly expiresAt: number;
  readonly patch: RecordPatch;
  /** What the connection missed while its token was expired. */
  readonly next: readonly Continuation[];
}

const given = async (cx: TokenContext, record: ConnectionRecord, token: string): Promise<Claims> => {
  const verified = await cx.tokens.verifier.verify(token);
  if (!verified.ok) {
    cx.ports.telemetry.event({ name: 'auth-refused', reason: verified.reason, ip: record.ip });
    if (verified.problem === 'unavailable') throw new Error(`the keys cannot be had: ${verified.reason}`);
    throw new WireError(
      'AUTHENTICATION_ERROR',
      verified.problem === 'expired' ? 'the token is expired' : 'the token is not valid',
    );
  }
  if (verified.claims.sub !== record.userId) {
    throw new WireError('AUTHORIZATION_ERROR', 'the token is another user’s; open a connection of its own for it');
  }
  return verified.claims;
};

const issued = async (cx: TokenContext, record: ConnectionRecord): Promise<{ token: string; claims: Claims }> => {
  const { issuer } = cx.tokens;
  if (issuer === undefined) {
    throw WireError.field(
      'data.token',
      'is required: this server issues no tokens; bring one of your identity provider',
    );
  }
  const iat = toSeconds(cx.now);
  const exp = Math.min(iat + ISSUED_SECONDS, record.firstSignIn + SIGN_IN_SECONDS);
  if (exp <= iat) {
    throw WireError.field('data.token', 'is required: the first sign-in is 24 hours ago; sign in again');
  }
  const claims: Claims = {
    sub: record.userId,
    iat,
    exp,
    authTime: record.firstSignIn,
    scopes: record.scopes,
    ...(record.rooms === undefined ? {} : { rooms: record.rooms }),
  };
  const { rooms } = claims;
  const request = { sub: claims.sub, scopes: claims.scopes, iat, exp, authTime: record.firstSignIn };
  return { token: await issuer.issue(rooms === undefined ? request : { ...request, rooms }), claims };
};

/** Takes the token of the identity provider, or issues one, and makes the connection live on with it. */
export const refresh = async (
  cx: TokenContext,
  record: ConnectionRecord,
  token: string | undefined,
): Promise<Refreshed> => {
  const taken = token === undefined ? await issued(cx, record) : { token, claims: await given(cx, record, token) };
  const { claims } = taken;
  const patch: RecordPatch = {
    tokenExp: claims.exp,
    scopes: claims.scopes,
    ...(token === undefined ? {} : { firstSignIn: firstSignIn(claims, cx.now) }),
    ...(claims.rooms === undefined ? {} : { rooms: claims.rooms }),
    ...(record.expired === true ? { expired: false } : {}),
  };
  await watchToken(cx, { ...record, tokenExp: claims.exp });
  const position = cx.ports.gateway.position(record.connectionId) ?? (await cx.ports.streams.top());
  return {
    token: taken.token,
    expiresAt: claims.exp,
    patch,
    next:
      record.expired === true
        ? [
            { kind: 'handover', after: '' },
            { kind: 'catchup', after: position },
          ]
        : [],
  };
};
