import type { Conn, Pending } from '../conn.js';
import { isError, type Law, must, type Received } from '../law.js';
import type { View } from '../view.js';
import { mails, usersOf } from './mails.js';

/** A mailbox takes as much as it was set to, and refuses no less. */
export const capacity = (view: View): Law => {
  const known = mails(view);
  /** How often anything was sent to each user, and each content. */
  const tried = new Map<string, number>();
  const attempts = new Map<string, number>();
  const full = new Map<number, readonly string[]>();

  const count = (map: Map<string, number>, key: string): void => {
    map.set(key, (map.get(key) ?? 0) + 1);
  };

  const waitsSurely = (user: string, before: number): number => {
    let waiting = 0;
    for (const mail of known.byId.values()) {
      if (mail.user !== user || mail.acked !== undefined || known.mayBeExpired(mail)) continue;
      if (mail.confirmed !== undefined && mail.confirmed < before) waiting += 1;
    }
    return waiting;
  };

  const mayWait = (user: string): number => {
    let waiting = tried.get(user) ?? 0;
    for (const mail of known.byId.values()) {
      if (mail.user === user && mail.ackConfirmed !== undefined) waiting -= 1;
    }
    return waiting;
  };

  const answered = (conn: Conn, request: Pending, item: Received): void => {
    const user = request.request.data['recipientId'] as string;
    const { mailbox } = view.rules;
    if (isError(item)) {
      if (!isError(item, 'MESSAGE_ERROR') || user.startsWith('room:') || view.faults > request.faults) return;
      // The refused one is counted as tried.
      const may = mayWait(user) > mailbox;
      must('no error without a cause', may, () => `the mailbox of ${user} cannot be full`, item);
      return;
    }
    must('a room is refused', !user.startsWith('room:'), () => `${conn.id} wrote to ${user}`, item);
    if (attempts.get(request.request.data['content'] as string) !== 1) return;
    const over = waitsSurely(user, request.index) >= mailbox;
    must('a full mailbox refuses', !over, () => `the mailbox of ${user} was full`, item);
  };

  return {
    see(item) {
      known.see(item);
      if (item.kind === 'called' && item.name === 'notifications') {
        const users = usersOf(JSON.parse(item.body as string));
        full.set(item.call, users);
        for (const user of users) count(tried, user);
      } else if (item.kind === 'answered' && item.status === 400) {
        const users = full.get(item.call) ?? [];
        if (!item.body?.includes('MESSAGE_ERROR')) return;
        const may = users.some((user) => mayWait(user) > view.rules.mailbox);
        must('no error without a cause', may, () => `no mailbox of ${users.join()} can be full`, item);
      } else if (item.kind === 'sent' && item.request.action === 'sendMessage') {
        count(tried, item.request.data['recipientId'] as string);
        count(attempts, item.request.data['content'] as string);
      } else if (item.kind === 'received' && view.request?.request.action === 'sendMessage') {
        answered(view.conn(item.conn), view.request, item);
      }
    },
  };
};
