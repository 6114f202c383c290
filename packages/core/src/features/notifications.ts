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

/** The ids of a call: made anew, or derived from its key, so that a repeat that was cut off finds what it stored. */
const idsFor = (cx: NotifyContext, notice: Notice, key: string | undefined): string[] =>
  notice.userIds.map((_, i) =>
    key === undefined ? cx.ports.ids.next('notification') : cx.ports.digest(`${key}#${i}`).slice(0, 32),
  );

const remembered = async (
  cx: NotifyContext,
  idempotency: { key: string; digest: string } | undefined,
): Promise<'done' | 'begun' | undefined> => {
  if (idempotency === undefined) return undefined;
  const row = await cx.ports.table.get(`once#${idempotency.key}`, 'notifications');
  if (row === undefined) return undefined;
  if (row.body['digest'] !== idempotency.digest) {
    throw new WireError('VALIDATION_ERROR', 'the Idempotency-Key was used with another body', undefined, 409);
  }
  return row.body['done'] === true ? 'done' : 'begun';
};

const remember = async (
  cx: NotifyContext,
  idempotency: { key: string; digest: string } | undefined,
  done: boolean,
): Promise<void> => {
  if (idempotency === undefined) return;
  const body = { digest: idempotency.digest, done };
  const options = { expiresAt: toSeconds(cx.now) + DAY };
  const put = await cx.ports.table.put(`once#${idempotency.key}`, 'notifications', body, options);
  if (put.stored) await put.flushed;
};

const storeFor = async (cx: NotifyContext, userId: string, waiting: Waiting, expiresAt: number): Promise<void> => {
  const { table } = cx.ports;
  if ((await inboxEntry(table, userId, waiting.id)) !== undefined) return;
  const queued = await enqueue(table, userId, waiting, expiresAt);
  if (queued === undefined) throw new Error('an append without a place was refused');
  const noted = await noteInbox(table, userId, waiting, queued.seq, expiresAt);
  await Promise.all([queued.flushed, noted.flushed]);
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

/** Stores a notification for each user, then pushes it to each; the body is stored once. */
export const notify = async (
  cx: NotifyContext,
  notice: Notice,
  idempotency: { key: string; digest: string } | undefined,
): Promise<Notified> => {
  const { table } = cx.ports;
  const kept = toSeconds(cx.now) + cx.settings.limits.retentionNotificationsDays * DAY;
  const expiresAt = Math.min(notice.expiresAt ?? kept, kept);
  const state = await remembered(cx, idempotency);
  const notificationIds = idsFor(cx, notice, idempotency?.key);
  if (state === 'done') return { notificationIds, replayed: true };
  if (state === undefined) {
    await refuseFull(cx, notice);
    await remember(cx, idempotency, false);
  }
  const body: StoredNotice = { title: notice.title, message: notice.message, data: notice.data, at: cx.now };
  const ref = { pk: `notice#${notificationIds[0]}`, sk: 'body' };
  const put = await table.put(ref.pk, ref.sk, body, { expiresAt });
  const stored = notice.userIds.map((userId, i) =>
    storeFor(cx, userId, { kind: 'notification', id: notificationIds[i] as string, ref }, expiresAt),
  );
  await Promise.all([put.stored ? put.flushed : undefined, ...stored]);
  for (const [i, userId] of notice.userIds.entries()) {
    const frame = noticeFrame(body, notificationIds[i] as string, cx.now);
    await pushToUser(cx.ports, userId, frame, 'notification');
  }
  await remember(cx, idempotency, true);
  return { notificationIds, replayed: false };
};
