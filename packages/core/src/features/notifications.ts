import { type JsonObject, WireError } from '@aideals/protocol';
import { enqueue, inboxEntry, isFull, noteInbox, type Waiting } from '../delivery/mailbox.js';
import { pushToUser } from '../delivery/push-to-user.js';
import { noticeFrame, type StoredNotice } from '../delivery/stored.js';
import { type Ports, toSeconds } from '../ports/index.js';
import type { Settings } from '../settings.js';

export interface NotifyContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly now: number;
}

export interface Notice {
  readonly userIds: readonly string[];
  readonly title: string;
  readonly message: string;
  readonly data: JsonObject;
  /** Unix seconds. */
  readonly expiresAt: number | undefined;
}

export interface Notified {
  readonly notificationIds: readonly string[];
  readonly replayed: boolean;
}

const DAY = 86_400;

type Once = { readonly key: string; readonly digest: string };

const onceKey = (once: Once): readonly [string, string] => [`once#${once.key}`, 'notifications'];

/** The note of a call under a key. Its ids derive from it, so that a repeat of one that was cut off finds what it stored. */
interface OnceRow extends JsonObject {
  digest: string;
  done: boolean;
  /** Unix milliseconds of the first call: the key may be used anew when the note has expired. */
  at: number;
}

/** What became of an earlier call under the key; another body under it is refused. */
const earlier = async (cx: NotifyContext, once: Once): Promise<OnceRow | undefined> => {
  const row = (await cx.ports.table.get(...onceKey(once)))?.body as OnceRow | undefined;
  if (row !== undefined && row.digest !== once.digest) {
    throw new WireError('VALIDATION_ERROR', 'the Idempotency-Key was used with another body', undefined, 409);
  }
  return row;
};

/** Takes the key, or finds what another call under it has begun. */
const begin = async (cx: NotifyContext, once: Once): Promise<{ row: OnceRow; resumed: boolean }> => {
  const row: OnceRow = { digest: once.digest, done: false, at: cx.now };
  const options = { ifAbsent: true, expiresAt: toSeconds(cx.now) + DAY };
  for (;;) {
    const put = await cx.ports.table.put(...onceKey(once), row, options);
    if (put.stored) return { row, resumed: false };
    const present = await earlier(cx, once);
    if (present !== undefined) return { row: present, resumed: true };
  }
};

const finish = async (cx: NotifyContext, once: Once, row: OnceRow): Promise<void> => {
  const options = { expiresAt: toSeconds(cx.now) + DAY };
  const put = await cx.ports.table.put(...onceKey(once), { ...row, done: true }, options);
  if (put.stored) await put.flushed;
};

/** Resolves with its place in the mailbox when it is stored. */
const storeFor = async (cx: NotifyContext, userId: string, waiting: Waiting, expiresAt: number): Promise<number> => {
  const { table } = cx.ports;
  const present = await inboxEntry(table, userId, waiting.id);
  if (present !== undefined) return present.place;
  const queued = await enqueue(table, userId, waiting, expiresAt);
  if (queued === undefined) throw new Error('an append without a place was refused');
  const noted = await noteInbox(table, userId, waiting, queued.seq, expiresAt);
  await Promise.all([queued.flushed, noted.flushed]);
  return queued.seq;
};

const refuseFull = async (cx: NotifyContext, notice: Notice): Promise<void> => {
  const full: string[] = [];
  for (const userId of new Set(notice.userIds)) {
    if (await isFull(cx.ports.table, userId, cx.settings.limits.mailbox)) full.push(userId);
  }
  if (full.length === 0) return;
  throw new WireError('MESSAGE_ERROR', `the mailbox of ${full.length} of the users is full; nothing was stored`, {
    userIds: full.slice(0, 20),
  });
};

/** `resumed`: an earlier attempt had begun, and what it stored may have been acknowledged since. */
const storeAndPush = async (
  cx: NotifyContext,
  notice: Notice,
  notificationIds: readonly string[],
  resumed: boolean,
): Promise<void> => {
  const { table } = cx.ports;
  const kept = toSeconds(cx.now) + cx.settings.limits.retentionNotificationsDays * DAY;
  const expiresAt = Math.min(notice.expiresAt ?? kept, kept);
  const body: StoredNotice = { title: notice.title, message: notice.message, data: notice.data, at: cx.now };
  const ref = { pk: `notice#${notificationIds[0]}`, sk: 'body' };
  const put = await table.put(ref.pk, ref.sk, body, { expiresAt });
  const storing = notice.userIds.map((userId, i) =>
    storeFor(cx, userId, { kind: 'notification', id: notificationIds[i] as string, ref }, expiresAt),
  );
  const [places] = await Promise.all([Promise.all(storing), put.stored ? put.flushed : undefined]);
  const push = async (userId: string, i: number): Promise<void> => {
    const id = notificationIds[i] as string;
    if (resumed && (await inboxEntry(table, userId, id))?.status !== 'waiting') return;
    const mail = { place: places[i] as number, frame: noticeFrame(body, id, cx.now), kind: 'notification' };
    await pushToUser(cx.ports, userId, mail);
  };
  // Over the bus they share its round trips.
  if (cx.ports.userRelay !== undefined) await Promise.all(notice.userIds.map(push));
  else for (const [i, userId] of notice.userIds.entries()) await push(userId, i);
};

/**
 * Stores a notification for each user, then pushes it to each; the body is stored once. Calls under one key take turns, and
 * a repeat of one that was cut off completes it.
 */
export const notify = async (cx: NotifyContext, notice: Notice, once: Once | undefined): Promise<Notified> => {
  if (once === undefined) {
    const notificationIds = notice.userIds.map(() => cx.ports.ids.next('notification'));
    await refuseFull(cx, notice);
    await storeAndPush(cx, notice, notificationIds, false);
    return { notificationIds, replayed: false };
  }
  return cx.ports.turns.run(`once:${once.key}`, async () => {
    // Refused before the key is taken: errors are not remembered.
    if ((await earlier(cx, once)) === undefined) await refuseFull(cx, notice);
    const { row, resumed } = await begin(cx, once);
    const idOf = (i: number): string => cx.ports.digest(JSON.stringify([once.key, row.at, i])).slice(0, 32);
    const notificationIds = notice.userIds.map((_, i) => idOf(i));
    if (row.done) return { notificationIds, replayed: true };
    await storeAndPush(cx, notice, notificationIds, resumed);
    await finish(cx, once, row);
    return { notificationIds, replayed: false };
  });
};
