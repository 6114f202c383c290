import type { Conn } from '../conn.js';
import { type Law, must } from '../law.js';
import { mayBeTrimmed } from '../positions.js';
import type { View } from '../view.js';

/** So many frames may be more than an outbox holds. */
const MANY = 100;

/** A connection is closed or refused for a reason, and a newer one of the same client takes over. */
export const closing = (view: View): Law => {
  const dismissed = new Set<string>();
  /** How many frames are on their way to each connection. */
  const waiting = new Map<string, number>();

  /** The server may know another of the same client, also one that its client has left. */
  const takenOver = ({ id, user, client, life }: Conn): boolean =>
    client !== undefined &&
    [...view.conns.values()].some(
      (other) => other.id !== id && other.user === user && other.client === client && other.life === life,
    );

  /** Retention may take what a slow reader was promised: it comes back and is told. */
  const trimmed = ({ life }: Conn): boolean => view.truth.events.some(({ offset }) => mayBeTrimmed(view, offset, life));

  const mayClose = (conn: Conn, code: number): boolean => {
    switch (code) {
      case 1011:
        return view.faults > conn.faults;
      case 4001:
        return view.latest >= (Math.min(...conn.exps) + view.rules.tokenGraceSeconds) * 1000;
      case 4003:
        return dismissed.has(conn.id);
      case 4008:
        return conn.stalled || (waiting.get(conn.id) ?? 0) > MANY || trimmed(conn);
      case 4010:
        return takenOver(conn);
      case 4029:
        return view.rules.limited;
      default:
        return false;
    }
  };

  const mayRefuse = (conn: Conn, status: number): boolean => {
    if (status === 0) return true;
    if (status === 401) return conn.lapsed;
    if (status === 429) return view.rules.limited;
    return status >= 500 && view.faults > conn.faults;
  };

  return {
    see(item) {
      if (item.kind === 'taken') waiting.set(item.conn, (waiting.get(item.conn) ?? 0) + 1);
      if (item.kind === 'received') waiting.set(item.conn, (waiting.get(item.conn) ?? 0) - 1);
      if (item.kind === 'called' && item.name === 'closeConnection') dismissed.add(item.params['id'] as string);
      if (item.kind === 'closed' && item.code !== undefined) {
        const { code } = item;
        const may = mayClose(view.conn(item.conn), code);
        must('no close without a cause', may, () => `${item.conn} was closed with ${code}`, item);
      }
      if (item.kind === 'refused') {
        const may = mayRefuse(view.conn(item.conn), item.status);
        must('no refusal without a cause', may, () => `${item.conn} was refused with ${item.status}`, item);
      }
      if (item.kind === 'accepted') {
        const conn = view.conn(item.conn);
        const late = conn.expiredFrom !== undefined && conn.expiredFrom <= conn.dialled;
        must('nothing is served after expiry', !late, () => `${conn.id} was let in with an expired token`, item);
      }
      if (item.kind === 'quiet') {
        const clients = new Map<string, string>();
        for (const { id, user, client } of view.open()) {
          if (client === undefined) continue;
          const name = `${user}/${client}`;
          const other = clients.get(name);
          must('the newer takes over', other === undefined, () => `${other} and ${id} are both ${name}`, item);
          clients.set(name, id);
        }
      }
    },
  };
};
