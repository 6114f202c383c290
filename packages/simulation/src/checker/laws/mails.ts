import type { Conn } from '../conn.js';
import { isError, must, type Received } from '../law.js';
import type { Seen, SeenOf } from '../trace.js';
import type { View } from '../view.js';

/** A message or notification that its recipient, or who sent it, knows of. */
export interface Mail {
  readonly id: string;
  readonly kind: 'message' | 'notification';
  /** Who it waits for. */
  readonly user: string;
  readonly sender: string | undefined;
  /** A message's content, or a notification's title: unique for what was wanted once. */
  readonly tag: string;
  /** When it was asked for first, as an index. */
  readonly since: number;
  /** The connections that it was sent from. */
  readonly sentFrom: Set<string> | undefined;
  /** Indexes into the trace: confirmed to who sent it, first pushed to its recipient, acknowledged and told so. */
  confirmed: number | undefined;
  pushed: number | undefined;
  acked: number | undefined;
  ackConfirmed: number | undefined;
}

const KEY_MS = 24 * 60 * 60 * 1000;

interface Asked {
  attempts: number;
  readonly since: number;
  /** The lowest clock since then: what is stored expires by the clock of that moment, which may have gone back. */
  born: number;
  readonly from: Set<string>;
}

interface NotificationBody {
  readonly userId?: string;
  readonly userIds?: string[];
  readonly title: string;
  readonly expiresAt?: number;
}

export const usersOf = ({ userId, userIds }: NotificationBody): readonly string[] => userIds ?? [userId as string];

/** The mail that is known so far. */
export const mails = (view: View) => {
  const byId = new Map<string, Mail>();
  const asked = new Map<string, Asked>();
  const calls = new Map<number, NotificationBody>();
  const expiries = new Map<string, number>();
  /** How often each connection was sent what, since its hand-over began. */
  const heard = new Map<Conn, Map<string, number>>();
  /** When the hand-over of a connection began again. */
  const woken = new Map<Conn, number>();
  /** The lowest clock since each connection was dialled. */
  const lowest = new Map<Conn, number>();

  const ask = (tag: string, item: Seen, from?: string): void => {
    const before = asked.get(tag) ?? { attempts: 0, since: item.index, born: item.clock, from: new Set() };
    asked.set(tag, before);
    before.attempts += 1;
    if (from !== undefined) before.from.add(from);
  };

  /** Whether a key may have been forgotten while it was in use: what is asked for under it is done again. */
  const isForgotten = (tag: string): boolean => view.latest >= (asked.get(tag)?.born ?? 0) + KEY_MS;

  const learn = (kind: Mail['kind'], id: string, user: string, sender: string | undefined, tag: string, item: Seen) => {
    const before = byId.get(id);
    const same =
      before === undefined ||
      (before.user === user && before.tag === tag && before.sender === sender) ||
      (kind === 'notification' && isForgotten(tag));
    must('a message is what was sent', same, () => `${id} is "${before?.tag}" and "${tag}"`, item);
    if (before !== undefined) return before;
    const from = asked.get(tag);
    must('a message is what was sent', from !== undefined, () => `"${tag}" was never sent`, item);
    const { since, from: sentFrom } = from as Asked;
    const mail: Mail = {
      id,
      kind,
      user,
      sender,
      tag,
      since,
      sentFrom: kind === 'message' ? sentFrom : undefined,
      confirmed: undefined,
      pushed: undefined,
      acked: undefined,
      ackConfirmed: undefined,
    };
    byId.set(id, mail);
    return mail;
  };

  const pushed = (conn: Conn, item: Received): void => {
    const { type, data } = item.wire;
    if (type === 'messageReceived') {
      const { messageId, recipientId, senderId, content } = data as Record<string, string>;
      const mail = learn('message', messageId as string, recipientId as string, senderId, content as string, item);
      if (conn.user === recipientId) mail.pushed ??= item.index;
    } else if (type === 'notification') {
      const { notificationId, title } = data as Record<string, string>;
      const mail = learn('notification', notificationId as string, conn.user, undefined, title as string, item);
      mail.pushed ??= item.index;
    }
  };

  const answered = (item: SeenOf<'answered'>): void => {
    const body = calls.get(item.call);
    if (body === undefined || item.status !== 200) return;
    const { notificationIds } = JSON.parse(item.body ?? '{}') as { notificationIds: string[] };
    const users = usersOf(body);
    const all = notificationIds.length === users.length;
    must('one id for each user', all, () => `${notificationIds.length} ids for ${users.length} users`, item);
    for (const [i, user] of users.entries()) {
      learn('notification', notificationIds[i] as string, user, undefined, body.title, item).confirmed ??= item.index;
    }
  };

  const confirmed = (conn: Conn, item: Received): void => {
    const data = view.request?.request.data ?? {};
    const { recipientId, content } = data as Record<string, string>;
    const id = item.wire.data['messageId'] as string;
    learn('message', id, recipientId as string, conn.user, content as string, item).confirmed ??= item.index;
  };

  return {
    byId: byId as ReadonlyMap<string, Mail>,

    see(item: Seen): void {
      if (item.kind === 'clock') {
        for (const [conn, low] of lowest) if (item.clock < low) lowest.set(conn, item.clock);
        for (const one of asked.values()) one.born = Math.min(one.born, item.clock);
      } else if (item.kind === 'dial') lowest.set(view.conn(item.conn), item.clock);
      else if (item.kind === 'called' && item.name === 'notifications') {
        const body = JSON.parse(item.body as string) as NotificationBody;
        calls.set(item.call, body);
        ask(body.title, item);
        if (body.expiresAt !== undefined) expiries.set(body.title, body.expiresAt * 1000);
      } else if (item.kind === 'answered') answered(item);
      else if (item.kind === 'sent') {
        const { action, data } = item.request;
        if (action === 'sendMessage') ask(data['content'] as string, item, item.conn);
        if (action !== 'notificationAck') return;
        const mail = byId.get((data['messageId'] ?? data['notificationId']) as string);
        if (mail?.user === view.conn(item.conn).user) mail.acked ??= item.index;
      } else if (item.kind === 'received') {
        pushed(view.conn(item.conn), item);
        if (view.request?.request.action === 'sendMessage' && !isError(item)) confirmed(view.conn(item.conn), item);
      }
    },

    /** Whether its id may name another one as well: ids derive from keys, and a key may have been forgotten. */
    mayBeAnothers: (mail: Mail): boolean => mail.kind === 'notification' && isForgotten(mail.tag),

    /** Whether it was asked for more than once. */
    wasRepeated: (mail: Mail): boolean => (asked.get(mail.tag)?.attempts ?? 0) > 1,

    /** Whether it may have expired by now, by a clock that jumps. */
    mayBeExpired: ({ kind, tag }: Mail): boolean => {
      const { retentionMessagesSeconds, retentionNotificationsSeconds } = view.rules;
      const kept = kind === 'message' ? retentionMessagesSeconds : retentionNotificationsSeconds;
      const end = (asked.get(tag)?.born ?? 0) + kept * 1000;
      return view.latest >= Math.min(end, expiries.get(tag) ?? end);
    },

    /** Whether it had expired at all times since a connection was dialled. */
    surelyExpired: (mail: Mail, conn: Conn): boolean => {
      const explicit = expiries.get(mail.tag);
      return explicit !== undefined && (lowest.get(conn) as number) >= explicit;
    },

    /** How often a connection was sent this since its hand-over began, this time included. */
    came(conn: Conn, id: string): number {
      const times = heard.get(conn) ?? new Map<string, number>();
      heard.set(conn, times);
      times.set(id, (times.get(id) ?? 0) + 1);
      return times.get(id) as number;
    },

    /** Once by the hand-over, and once more where it may also have been pushed live: ids tell. */
    mostTimes: (mail: Mail, conn: Conn): number => {
      if (isForgotten(mail.tag)) return Number.POSITIVE_INFINITY;
      const again = woken.get(conn);
      const overlaps = mail.confirmed === undefined || mail.confirmed >= (again ?? conn.dialled);
      // A refresh begins the hand-over anew, and the one from before may have gone on.
      return 1 + (overlaps ? 1 : 0) + (again === undefined ? 0 : 1);
    },

    /** What was kept back for a connection follows: mail may come again. */
    again(conn: Conn, item: Seen): void {
      heard.delete(conn);
      woken.set(conn, item.index);
    },
  };
};
