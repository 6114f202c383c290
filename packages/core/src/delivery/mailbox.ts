import type { JsonObject } from '@aideals/protocol';
import { type Flushed, type Ports, place, type Row, seqOf, type Table } from '../ports/index.js';

/** Where the body of what waits is stored: once, however many mailboxes point at it. */
export interface BodyRef {
  readonly pk: string;
  readonly sk: string;
}

export type WaitingKind = 'message' | 'notification';

/** Something that waits for a user until it is acknowledged or expires. */
export interface Waiting {
  readonly kind: WaitingKind;
  readonly id: string;
  readonly ref: BodyRef;
}

/** What a user's inbox remembers of it: its place in the mailbox, and whether it was acknowledged. */
export interface InboxEntry extends JsonObject {
  kind: WaitingKind;
  place: number;
  status: 'waiting' | 'received' | 'read';
}

export const mailboxKey = (userId: string): string => `mailbox#${userId}`;
const inboxKey = (userId: string): string => `inbox#${userId}`;

const pointer = (waiting: Waiting): JsonObject => ({
  kind: waiting.kind,
  id: waiting.id,
  pk: waiting.ref.pk,
  sk: waiting.ref.sk,
});

const waitingOf = (row: Row): Waiting => {
  const body = row.body as { kind: WaitingKind; id: string; pk: string; sk: string };
  return { kind: body.kind, id: body.id, ref: { pk: body.pk, sk: body.sk } };
};

const entryOf = (row: Row | undefined): InboxEntry | undefined => row?.body as InboxEntry | undefined;

export const inboxEntry = async (table: Table, userId: string, id: string): Promise<InboxEntry | undefined> =>
  entryOf(await table.get(inboxKey(userId), id));

const holds = async (table: Table, pk: string, head: number, max: number): Promise<boolean> => {
  if (head < max) return false;
  const [first] = await table.query(pk, { limit: 1 });
  if (first === undefined || head - seqOf(first.sk) + 1 < max) return false;
  return (await table.query(pk, { limit: max })).length >= max;
};

export interface Mailbox {
  /** The last place that was given. */
  readonly head: number;
  /** `max` or more wait there. */
  readonly isFull: boolean;
}

/** How a user's mailbox is. Dense places give a bound without counting. */
export const mailboxOf = async (table: Table, userId: string, max: number): Promise<Mailbox> => {
  const pk = mailboxKey(userId);
  const head = await table.head(pk);
  return { head, isFull: await holds(table, pk, head, max) };
};

/** Whether a user's mailbox is full: `max` or more wait. */
export const isFull = async (table: Table, userId: string, max: number): Promise<boolean> =>
  (await mailboxOf(table, userId, max)).isFull;

const entry = (kind: WaitingKind, at: number): InboxEntry => ({ kind, place: at, status: 'waiting' });

/**
 * Notes where something waits, so that an acknowledgement finds it. What was noted first stands: `at` is its place where
 * that is another one.
 */
export const noteInbox = async (
  table: Table,
  userId: string,
  waiting: Waiting,
  at: number,
  expiresAt: number | undefined,
): Promise<Flushed & { readonly at?: number }> => {
  const put = await table.put(inboxKey(userId), waiting.id, entry(waiting.kind, at), {
    ifAbsent: true,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  if (put.stored) return put;
  const standing = await inboxEntry(table, userId, waiting.id);
  return { ...(await table.putMany([])), ...(standing === undefined ? {} : { at: standing.place }) };
};

/** Puts something into a user's mailbox, at the next place or at the one given; undefined where that one is taken. */
export const enqueue = async (
  table: Table,
  userId: string,
  waiting: Waiting,
  expiresAt: number,
  at?: number,
): Promise<({ readonly seq: number } & Flushed) | undefined> => {
  const appended = await table.append(mailboxKey(userId), pointer(waiting), {
    expiresAt,
    ...(at === undefined ? {} : { at }),
  });
  return appended.stored ? appended : undefined;
};

/**
 * Ends the delivery of something for all devices; false where the user has no such thing. The pointer goes first: a crash
 * between the two writes leaves an entry that a repeat completes.
 */
export const acknowledge = async (
  table: Table,
  userId: string,
  kind: WaitingKind,
  id: string,
  status: 'received' | 'read',
): Promise<boolean> => {
  const row = await table.get(inboxKey(userId), id);
  const found = entryOf(row);
  if (row === undefined || found === undefined || found.kind !== kind) return false;
  if (found.status === 'read' || found.status === status) {
    // Another device's acknowledgement may not be durable yet.
    await (await table.putMany([])).flushed;
    return true;
  }
  const deleted = await table.delete(mailboxKey(userId), place(found.place));
  const put = await table.put(
    inboxKey(userId),
    id,
    { ...found, status },
    row.expiresAt === undefined ? {} : { expiresAt: row.expiresAt },
  );
  await Promise.all([deleted.flushed, put.stored ? put.flushed : undefined]);
  return true;
};

export const HANDOVER_PAGE = 100;

export interface WaitingBody {
  readonly waiting: Waiting;
  readonly body: JsonObject;
  /** In the mailbox. */
  readonly place: number;
}

export interface WaitingPage {
  readonly items: readonly WaitingBody[];
  /** The place of the last row read; undefined where nothing waits behind `after`. */
  readonly last: string | undefined;
}

/**
 * A page of what waits for a user, in the order in which it was put there. Pointers without a body (it expired), or already
 * acknowledged, or a second time there (a crash before its entry was written, then a repeat), are cleared; an entry that a
 * crash kept from being written is written.
 */
export const readWaiting = async (ports: Pick<Ports, 'table'>, userId: string, after: string): Promise<WaitingPage> => {
  const { table } = ports;
  const rows = await table.query(mailboxKey(userId), { after, limit: HANDOVER_PAGE, appended: true });
  if (rows.length === 0) return { items: [], last: undefined };
  const items: WaitingBody[] = [];
  const found = await Promise.all(
    rows.map(async (row) => {
      const waiting = waitingOf(row);
      const { pk, sk } = waiting.ref;
      const [body, noted] = await Promise.all([table.get(pk, sk), inboxEntry(table, userId, waiting.id)]);
      return { row, waiting, body, noted };
    }),
  );
  const written = new Set<string>();
  for (const { row, waiting, body, noted } of found) {
    const stands =
      noted === undefined ? !written.has(waiting.id) : noted.status === 'waiting' && noted.place === seqOf(row.sk);
    if (body === undefined || !stands) {
      await table.delete(mailboxKey(userId), row.sk);
      continue;
    }
    if (noted === undefined) {
      written.add(waiting.id);
      await noteInbox(table, userId, waiting, seqOf(row.sk), row.expiresAt);
    }
    items.push({ waiting, body: body.body, place: seqOf(row.sk) });
  }
  return { items, last: rows.at(-1)?.sk };
};
