import type { Conn } from '../conn.js';
import { type Law, must } from '../law.js';
import type { Seen } from '../trace.js';
import type { View } from '../view.js';

const WARNING_SECONDS = 60;

/** Nothing is pushed once the token has expired, the end is announced, and comes when it was said. */
export const tokens = (view: View): Law => {
  const warned = new Map<string, Set<number>>();

  const atRest = (conn: Conn, item: Seen): void => {
    const [exp = 0] = conn.exps;
    if (conn.exps.length > 1 || conn.role !== 'user') return;
    const seconds = item.clock / 1000;
    // A timer that was set before the clock went back fires when that time comes again.
    const over = seconds >= exp + view.rules.tokenGraceSeconds && item.clock >= view.latest;
    must('an expired connection is closed', !over, () => `${conn.id} lives past its grace time`, item);
    const soon = seconds >= exp - WARNING_SECONDS && !conn.lapsed;
    const told = warned.get(conn.id)?.has(exp) ?? false;
    must('the end of a token is announced', !soon || told, () => `${conn.id} was not told of ${exp}`, item);
  };

  return {
    see(item) {
      if (item.kind === 'quiet') for (const conn of view.open()) atRest(conn, item);
      if (item.kind === 'received' && item.wire.type === 'tokenExpiring') {
        const told = warned.get(item.conn) ?? new Set();
        warned.set(item.conn, told.add(item.wire.data['expiresAt'] as number));
      }
      if (item.kind !== 'taken' || item.wire.requestId !== undefined) return;
      const conn = view.conn(item.conn);
      // An exchange that began before the token expired may still end. Who comes with an expired token is still told so.
      const late = conn.crossed !== undefined && conn.crossed < item.since && item.wire.type !== 'tokenExpiring';
      const pushed = () =>
        `${item.wire.type} ${item.wire.id ?? ''} was pushed to ${conn.id} after its token had expired`;
      must('nothing is pushed after expiry', !late, pushed, item);
      if (item.wire.type !== 'tokenExpiring') return;
      const exp = item.wire.data['expiresAt'] as number;
      const early = view.latest < (exp - WARNING_SECONDS) * 1000;
      must('the end of a token is announced', !early, () => `${exp} was announced to ${conn.id} too early`, item);
    },
  };
};
