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

type Once = { readonly key: string; readonly digest: string };

const onceKey = (once: Once): readonly [string, string] => [`once#${once.key}`, 'notifications'];

/** What became of an earlier call under the key; another body under it is refused. */
const earlier = async (cx: NotifyContext, once: Once): Promise<'done' | 'begun' | undefined> => {
  const row = await cx.ports.table.get(...onceKey(once));
  if (row === undefined) return undefined;
  if (row.body['digest'] !== once.digest) {
    throw new WireError('VALIDATION_ERROR', 'the Idempotency-Key was used with another body', undefined, 409);
  }
  return row.body['done'] === true ? 'done' : 'begun';
};

/** Takes the key, or finds what another call under it has begun. */
const begin = async (cx: NotifyContext, once: Once): Promise<'done' | 'begun'> => {
  const expiresAt = toSeconds(cx.now) + DAY;
  for (;;) {
    const put = await cx.ports.table.put(
      ...onceKey(once),
      { digest: once.digest, done: false },
      { ifAbsent: true, expiresAt },
    );
    const present = put.stored ? 'begun' : await earlier(cx, once);
    if (present !== undefined) return present;
  }
};

const finish = async (cx: NotifyContext, once: Once): Promise<void> => {
  const options = { expiresAt: toSeconds(cx.now) + DAY };
  const put = await cx.ports.table.put(...onceKey(once), { digest: once.digest, done: true }, options);
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

const storeAndPush = async (cx: NotifyContext, notice: Notice, notificationIds: readonly string[]): Promise<void> => {
  const { table } = cx.ports;
  const kept = toSeconds(cx.now) + cx.settings.limits.retentionNotificationsDays * DAY;
  const expiresAt = Math.min(notice.expiresAt ?? kept, kept);
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
};

/**
 * Stores a notification for each user, then pushes it to each; the body is stored once. Calls under one key take turns, and
 * a repeat of one that was cut off completes it.
 */
export const notify = async (cx: NotifyContext, notice: Notice, once: Once | undefined): Promise<Notified> => {
  const notificationIds = idsFor(cx, notice, once?.key);
  if (once === undefined) {
    await refuseFull(cx, notice);
    await storeAndPush(cx, notice, notificationIds);
    return { notificationIds, replayed: false };
  }
  return cx.ports.turns.run(`once:${once.key}`, async () => {
    // Refused before the key is taken: errors are not remembered.
    if ((await earlier(cx, once)) === undefined) await refuseFull(cx, notice);
    if ((await begin(cx, once)) === 'done') return { notificationIds, replayed: true };
    await storeAndPush(cx, notice, notificationIds);
    await finish(cx, once);
    return { notificationIds, replayed: false };
  });
};
