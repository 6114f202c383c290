import type { Conn, Pending } from '../conn.js';
import { isError, isServed, type Law, must, type Received } from '../law.js';
import type { Seen } from '../trace.js';
import type { View } from '../view.js';
import { type Mail, mails } from './mails.js';

const FOREVER = Number.POSITIVE_INFINITY;

/** What was confirmed, or pushed to anyone, waits for its recipient until it is acknowledged or expires. */
export const mailbox = (view: View): Law => {
  const known = mails(view);
  const seen = new Map<Conn, Set<string>>();

  const seenOn = (conn: Conn): Set<string> => {
    const ids = seen.get(conn) ?? new Set();
    seen.set(conn, ids);
    return ids;
  };

  const received = (conn: Conn, mail: Mail, item: Received): void => {
    const acked = mail.ackConfirmed !== undefined && mail.ackConfirmed < conn.dialled && mail.user === conn.user;
    must('an acknowledgement ends delivery', !acked, () => `${mail.id} came to ${conn.id} all the same`, item);
    // Only what was done with before is handed over; a call that is still under way pushes.
    const handedOver = mail.confirmed !== undefined && mail.confirmed < conn.dialled && !known.wasRepeated(mail);
    const over = mail.user === conn.user && handedOver && known.surelyExpired(mail, conn);
    must('what expired is not handed over', !over, () => `${mail.id} came to ${conn.id} after its expiry`, item);
    const ids = seenOn(conn);
    const times = known.came(conn, mail.id);
    const often = () => `${mail.id} came to ${conn.id} ${times} times`;
    must('a hand-over brings nothing twice', times <= known.mostTimes(mail, conn), often, item);
    ids.add(mail.id);
    const own = mail.sentFrom;
    const echo = own !== undefined && own.size === 1 && own.has(conn.id);
    must('the sender’s connection gets no copy', !echo, () => `${mail.id} came back to ${conn.id}`, item);
  };

  const acknowledged = (conn: Conn, { request }: Pending, item: Received): void => {
    const id = (request.data['messageId'] ?? request.data['notificationId']) as string;
    const kind = request.data['messageId'] === undefined ? 'notification' : 'message';
    const mail = known.byId.get(id);
    const of = mail !== undefined && (mail.user === conn.user || known.mayBeAnothers(mail));
    const own = of && mail.kind === kind;
    if (isError(item)) {
      if (!isError(item, 'VALIDATION_ERROR')) return;
      const gone = !own || known.mayBeExpired(mail) || known.mayBeAnothers(mail);
      must('no error without a cause', gone, () => `${conn.user} may not acknowledge ${id}`, item);
      return;
    }
    must('one acknowledges one’s own mail', own, () => `${conn.user} acknowledged ${id} of ${mail?.user}`, item);
    if (mail !== undefined) mail.ackConfirmed ??= item.index;
  };

  /** Waiting mail must have come to each open connection of its user. */
  const atRest = (conn: Conn, item: Seen): void => {
    if (!isServed(conn)) return;
    const ids = seenOn(conn);
    for (const mail of known.byId.values()) {
      if (ids.has(mail.id) || mail.acked !== undefined || known.mayBeExpired(mail)) continue;
      if (mail.user === conn.user) {
        // Only a confirmation promises a push on connections that were open before; where a repeat completed what could not
        // be stored at once, it may wait for the next connect.
        const live = mail.confirmed !== undefined && !known.wasRepeated(mail);
        const due = live || Math.min(mail.confirmed ?? FOREVER, mail.pushed ?? FOREVER) < conn.dialled;
        const lost = () => `${mail.id} (${mail.tag}) waits for ${conn.user} and never came to ${conn.id}`;
        const echoed = mail.sentFrom?.has(conn.id) ?? false;
        must('what was confirmed is delivered or waits', !due || echoed, lost, item);
      } else if (mail.sender === conn.user && mail.confirmed !== undefined) {
        const settled = conn.settled !== undefined && conn.settled < mail.since && !known.wasRepeated(mail);
        const echoed = mail.sentFrom?.has(conn.id) ?? false;
        const absent = () => `${mail.id} (${mail.tag}) never came to ${conn.id} of its sender`;
        must('the sender’s other connections get a copy', !settled || echoed, absent, item);
      }
    }
  };

  return {
    see(item) {
      known.see(item);
      if (item.kind === 'quiet') for (const conn of view.open()) atRest(conn, item);
      if (item.kind !== 'received') return;
      const conn = view.conn(item.conn);
      if (view.woken) known.again(conn, item);
      const { type, data } = item.wire;
      const id = type === 'messageReceived' ? data['messageId'] : type === 'notification' ? data['notificationId'] : '';
      const mail = known.byId.get(id as string);
      if (mail !== undefined) received(conn, mail, item);
      if (view.request?.request.action === 'notificationAck') acknowledged(conn, view.request, item);
    },
  };
};
