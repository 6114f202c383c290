import { AidealsError } from '../errors.js';
import type { ServerFrame } from '../generated/wire.js';
import { askWaiting } from './subscriptions.js';
import { send, sendable, serial, set, type Turn } from './turn.js';

const RETRY_AFTER = 5_000;

/** Asks for a new token for the open connection: of the application, or of the server where there is no callback. */
export const renew = (turn: Turn): void => {
  const { renewal, config } = turn.state;
  if (!sendable(turn.state) || (renewal !== undefined && renewal.at !== 'waiting')) return;
  if (!config.renewable) {
    set(turn, { renewal: { at: 'asked', requestId: send(turn, 'refreshToken', {}) } });
    return;
  }
  const ticket = serial(turn);
  set(turn, { renewal: { at: 'token', ticket, until: turn.moment.now + config.timing.dialWithin } });
  turn.out.push({ type: 'token', ticket, fresh: true });
};

/** The application gave a token for the open connection. */
export const offer = (turn: Turn, token: string): void => {
  if (!sendable(turn.state)) return;
  set(turn, { renewal: { at: 'asked', requestId: send(turn, 'refreshToken', { token }) } });
};

/** No new token this time: once more a little later, until the connection ends. */
export const renewLater = (turn: Turn): void =>
  set(turn, {
    renewal: turn.state.config.renewable ? { at: 'waiting', until: turn.moment.now + RETRY_AFTER } : undefined,
  });

/** Takes what concerns the token. False where it does not. */
export const tokenFrame = (turn: Turn, frame: ServerFrame): boolean => {
  if (frame.type === 'tokenExpiring') {
    renew(turn);
    return true;
  }
  const { renewal } = turn.state;
  if (renewal?.at === 'asked' && renewal.requestId === frame.requestId && frame.type === 'error') {
    turn.out.push({ type: 'error', error: AidealsError.of(frame) });
    renewLater(turn);
    return true;
  }
  if (frame.type !== 'tokenRefreshed' || typeof frame.data['token'] !== 'string') return false;
  set(turn, { token: frame.data['token'], stale: false, renewal: undefined });
  askWaiting(turn);
  return true;
};
