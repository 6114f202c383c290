import { WireError } from '@aideals/protocol';
import { replyFrame } from './delivery/frames.js';
import { firstSignIn } from './features/tokens.js';
import type { Context } from './handler.js';
import { tooMany } from './limits/frames.js';
import type { Handshake, Opening } from './outcome.js';
import type { ConnectionRecord } from './ports/index.js';

const OVERLOAD_SECONDS = 5;

const refused = (error: WireError, now: number, retryAfter?: number): Opening => ({
  accepted: false,
  status: error.status,
  ...(retryAfter === undefined ? {} : { retryAfter }),
  body: replyFrame('error', error.data, undefined, now).text,
});

const authenticate = async (cx: Context, handshake: Handshake): Promise<ConnectionRecord> => {
  const { connectionId, token, client, ip } = handshake;
  if (token === undefined || token === '') {
    throw new WireError(
      'AUTHENTICATION_ERROR',
      'a token is required: as Authorization: Bearer, as the subprotocol aideals.token.<jwt> beside aideals.v1, or as ?token=',
    );
  }
  const verified = await cx.tokens.verifier.verify(token);
  if (!verified.ok) {
    cx.ports.telemetry.event({ name: 'auth-refused', reason: verified.reason, ip });
    if (verified.problem === 'unavailable') {
      throw new WireError('CONNECTION_ERROR', 'tokens cannot be verified now; try again', undefined, 503);
    }
    const message = verified.problem === 'expired' ? 'the token is expired' : 'the token is not valid';
    throw new WireError('AUTHENTICATION_ERROR', message);
  }
  const { claims } = verified;
  return {
    connectionId,
    userId: claims.sub,
    connectedAt: cx.now,
    tokenExp: claims.exp,
    firstSignIn: firstSignIn(claims, cx.now),
    scopes: claims.scopes,
    ...(claims.rooms === undefined ? {} : { rooms: claims.rooms }),
    ...(client === undefined ? {} : { client }),
    ip,
  };
};

const pay = async (cx: Context, kind: 'connect' | 'connectIp', who: string): Promise<void> => {
  const rule = cx.settings.buckets[kind];
  if (rule === null) return;
  const taken = await cx.ports.limiter.take(`${kind}:${who}`, 1, rule);
  if (!taken.ok) throw tooMany(taken.retryAfter);
};

/** The user's other connections. An older one of the same client does not count, as the new one takes its place. */
const othersOf = async ({ ports }: Context, { userId, connectionId, client }: ConnectionRecord) =>
  (await ports.directory.ofUser(userId)).filter(
    (other) => other.connectionId !== connectionId && (client === undefined || other.client !== client),
  );

const full = (cx: Context): WireError =>
  new WireError(
    'RATE_LIMIT_EXCEEDED',
    `a user has at most ${cx.settings.limits.connectionsPerUser} connections; close one first`,
    { retryAfter: OVERLOAD_SECONDS },
  );

/** Where other processes have a part in the directory it may be out of reach: a client comes back then. */
const orUnavailable = async <T>(cx: Context, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError || cx.ports.directory.shared !== true) throw error;
    const errorId = cx.ports.ids.next('error');
    cx.ports.telemetry.event({ name: 'internal-error', errorId, where: 'open', error });
    throw new WireError('CONNECTION_ERROR', 'the connection could not be registered; try again', { errorId }, 503);
  }
};

/** Room for one more of anybody. */
const makeRoom = async (cx: Context): Promise<void> => {
  const { connections } = cx.settings.limits;
  if ((await cx.ports.directory.count()) >= connections) {
    throw new WireError(
      'CONNECTION_ERROR',
      'the server holds as many connections as it may; try again',
      undefined,
      503,
    );
  }
};

const makeRoomFor = async (cx: Context, record: ConnectionRecord): Promise<void> => {
  if ((await othersOf(cx, record)).length >= cx.settings.limits.connectionsPerUser) throw full(cx);
};

const isBefore = (a: ConnectionRecord, b: ConnectionRecord): boolean =>
  a.connectedAt === b.connectedAt ? a.connectionId < b.connectionId : a.connectedAt < b.connectedAt;

/** How often one that is registered looks whether those past the limit have gone. */
const LOOKS = 40;

/**
 * Of connections that were registered in several places at once those past the limit withdraw. Each of them sees the other or
 * is seen, and goes on only where it sees no more than may be: the limit is never passed. Who is past it goes by the order
 * of their beginnings, which all see alike: the last place is not refused to everyone.
 */
const yieldPlace = async (cx: Context, record: ConnectionRecord): Promise<void> => {
  const { connectionsPerUser } = cx.settings.limits;
  for (let look = 0; look < LOOKS; look += 1) {
    const others = await othersOf(cx, record);
    if (others.length < connectionsPerUser) return;
    if (others.filter((other) => isBefore(other, record)).length >= connectionsPerUser) break;
  }
  throw full(cx);
};

const register = async (cx: Context, record: ConnectionRecord): Promise<void> => {
  const { directory, ids } = cx.ports;
  try {
    await directory.open(record, ids.next('mark'));
    if (directory.shared === true) await yieldPlace(cx, record);
  } catch (error) {
    if (directory.shared === true) await directory.close(record.connectionId);
    throw error;
  }
};

const retryAfterOf = (error: WireError): number | undefined => {
  const given = error.details?.['retryAfter'];
  if (typeof given === 'number') return given;
  return error.status === 503 ? OVERLOAD_SECONDS : undefined;
};

const guarded = async (cx: Context, work: () => Promise<Opening>): Promise<Opening> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError) return refused(error, cx.now, retryAfterOf(error));
    const errorId = cx.ports.ids.next('error');
    cx.ports.telemetry.event({ name: 'internal-error', errorId, where: 'open', error });
    return refused(new WireError('INTERNAL_ERROR', 'something went wrong here', { errorId }), cx.now);
  }
};

const check = async (cx: Context, handshake: Handshake): Promise<ConnectionRecord> => {
  await pay(cx, 'connectIp', handshake.ip);
  const record = await authenticate(cx, handshake);
  await pay(cx, 'connect', record.userId);
  return record;
};

/** Whether a client would be let in; registers nothing. */
export const admit = (cx: Context, handshake: Handshake): Promise<Opening> =>
  guarded(cx, async () => {
    const record = await check(cx, handshake);
    await orUnavailable(cx, async () => {
      await makeRoom(cx);
      await makeRoomFor(cx, record);
    });
    return { accepted: true, record };
  });

/** Lets a client in, and registers its connection; one user's openings take turns, so that the limit holds. */
export const open = (cx: Context, handshake: Handshake): Promise<Opening> =>
  guarded(cx, async () => {
    const record = await check(cx, handshake);
    const { turns } = cx.ports;
    await turns.run(`open:${record.userId}`, async () => {
      await orUnavailable(cx, async () => {
        await makeRoom(cx);
        // Where others register as well it is looked afterwards, and once is enough.
        if (cx.ports.directory.shared !== true) await makeRoomFor(cx, record);
        await register(cx, record);
      });
    });
    return { accepted: true, record };
  });
