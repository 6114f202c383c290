import { WireError } from '@aideals/protocol';
import { appendClaimed, type Claim, type HeldClaim, moveClaim, takeClaim, written } from '../delivery/claimed.js';
import { inboxEntry, mailboxKey, mailboxOf } from '../delivery/mailbox.js';
import { pushToUser } from '../delivery/push-to-user.js';
import { messageFrame, type StoredMessage } from '../delivery/stored.js';
import { type Flushed, type Frame, type Ports, toSeconds } from '../ports/index.js';
import type { Settings } from '../settings.js';
import { placeEarlier, placeMessage, settlePointer, waitingMessage } from './chat-placing.js';

export interface ChatContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly now: number;
}

export interface OutgoingMessage {
  readonly senderId: string;
  /** The connection that sent it: it gets no copy, unless it is a recipient. */
  readonly connectionId: string;
  readonly recipientId: string;
  readonly content: string;
  readonly type: string;
  readonly clientMessageId?: string;
}

export interface SentMessage {
  readonly messageId: string;
  readonly sequence: number;
  readonly status: 'delivered' | 'stored';
  /** Unix milliseconds. */
  readonly at: number;
}

interface StoreResult {
  readonly body: StoredMessage;
  readonly sequence: number;
  /** In the mailbox of the recipient. */
  readonly place: number;
  readonly flushed: Promise<unknown>;
  /** True where an earlier attempt was completed before. */
  readonly repeated: boolean;
  /** True where an earlier attempt had begun. */
  readonly resumed: boolean;
}

const DAY = 86_400;

/** One conversation for the two, whoever writes. JSON keeps apart ids that hold any separator. */
const conversationKey = (a: string, b: string): string => `chat#${JSON.stringify(a < b ? [a, b] : [b, a])}`;

const claimKey = (senderId: string): string => `claim#${senderId}`;

const bodyOf = (message: OutgoingMessage, messageId: string, at: number): StoredMessage => ({
  messageId,
  senderId: message.senderId,
  recipientId: message.recipientId,
  content: message.content,
  type: message.type,
  at,
});

/** Body, then pointer, then inbox entry: a crash between them leaves a message that no one was told is stored. */
const storeOnce = async (cx: ChatContext, message: OutgoingMessage, expiresAt: number): Promise<StoreResult> => {
  const { table, ids } = cx.ports;
  const pk = conversationKey(message.senderId, message.recipientId);
  const body = bodyOf(message, ids.next('message'), cx.now);
  const appended = await table.append(pk, body, { expiresAt });
  if (!appended.stored) throw new Error('an append without a place was refused');
  const placed = await placeMessage(cx.ports, pk, appended.seq, body, expiresAt);
  const flushed = Promise.all([appended, ...placed.writes].map((write) => write.flushed));
  return { body, sequence: appended.seq, place: placed.place, flushed, repeated: false, resumed: false };
};

/** `queued`: how many places the mailbox of the recipient has given. */
const freshClaim = async (cx: ChatContext, pk: string, digest: string, queued: number): Promise<Claim> => ({
  id: cx.ports.ids.next('message'),
  digest,
  at: cx.now,
  sequence: (await cx.ports.table.head(pk)) + 1,
  place: queued + 1,
  done: false,
});

/** Walks the steps of a claim: each is taken once, however often it is walked, and from wherever a crash left it. */
const storeClaimed = async (
  cx: ChatContext,
  message: OutgoingMessage,
  clientMessageId: string,
  expiresAt: number,
  queued: number,
): Promise<StoreResult> => {
  const { table, digest } = cx.ports;
  const pk = conversationKey(message.senderId, message.recipientId);
  const key = [claimKey(message.senderId), clientMessageId] as const;
  const meant = digest(JSON.stringify([message.recipientId, message.type, message.content]));
  const taken = await takeClaim(table, ...key, () => freshClaim(cx, pk, meant, queued), expiresAt);
  const resumed = !taken.fresh;
  let claimed: HeldClaim = taken;
  if (claimed.claim.digest !== meant) {
    throw WireError.field('data.clientMessageId', 'was used for another message; take a new one for each message');
  }
  const { id, at } = claimed.claim;
  const body = bodyOf(message, id, at);
  if (claimed.claim.done) {
    const { sequence, place: queuedAt } = claimed.claim;
    return { body, sequence, place: queuedAt, ...(await written(table)), repeated: true, resumed };
  }
  const moveTo = async (change: Partial<Claim>): Promise<Claim> => {
    claimed = await moveClaim(table, ...key, claimed, change, expiresAt);
    return claimed.claim;
  };
  const appended = await appendClaimed(
    {
      table,
      pk,
      body,
      options: { expiresAt },
      own: (row) => row.body['messageId'] === id,
      moveOn: async (to) => (await moveTo({ sequence: to })).sequence,
    },
    claimed.claim.sequence,
  );
  const waiting = waitingMessage(pk, appended.seq, id);
  const writes: Flushed[] = [appended];
  // Of a claim that is fresh nobody else has begun to place it, or the entry tells when it is written.
  const noted = resumed ? await inboxEntry(table, message.recipientId, id) : undefined;
  let queuedAt = noted?.place;
  if (noted === undefined) {
    writes.push(...(await placeEarlier(cx.ports, pk, appended.seq, message.recipientId, expiresAt)));
    const queued = await appendClaimed(
      {
        table,
        pk: mailboxKey(message.recipientId),
        body: { kind: waiting.kind, id, pk: waiting.ref.pk, sk: waiting.ref.sk },
        options: { expiresAt },
        own: (row) => row.body['id'] === id,
        moveOn: async (to) => (await moveTo({ place: to })).place,
      },
      claimed.claim.place,
    );
    const settled = await settlePointer(cx.ports, message.recipientId, waiting, queued, expiresAt);
    queuedAt = settled.place;
    writes.push(...settled.writes);
    cx.ports.userRelay?.placing(pk, appended.seq);
  }
  claimed = await moveClaim(table, ...key, claimed, { sequence: appended.seq, done: true }, expiresAt);
  const last = (claimed as HeldClaim & Partial<Flushed>).flushed;
  const flushed = Promise.all([...writes.map((write) => write.flushed), last]);
  return { body, sequence: appended.seq, place: queuedAt as number, flushed, repeated: false, resumed };
};

/** A repeat is told `delivered` where the message no longer waits. */
const repeatedStatus = async (
  cx: ChatContext,
  message: OutgoingMessage,
  id: string,
): Promise<SentMessage['status']> => {
  const entry = await inboxEntry(cx.ports.table, message.recipientId, id);
  return entry === undefined || entry.status === 'waiting' ? 'stored' : 'delivered';
};

/** The sender’s other connections. A copy waits nowhere: one that is in its hand-over, or expired, gets none out of order. */
const liveOthers = async ({ ports }: ChatContext, message: OutgoingMessage): Promise<string[]> => {
  const others: string[] = [];
  for (const { connectionId } of await ports.directory.ofUser(message.senderId)) {
    if (connectionId === message.connectionId) continue;
    if ((await ports.directory.markOf(connectionId)) === undefined) others.push(connectionId);
  }
  return others;
};

const copyToOthers = async (cx: ChatContext, message: OutgoingMessage, frame: Frame): Promise<void> => {
  const { userRelay, gateway } = cx.ports;
  if (userRelay !== undefined) return userRelay.copy(message.senderId, message.connectionId, frame);
  const others = await liveOthers(cx, message);
  if (others.length > 0) await gateway.send(others, frame);
};

const deliver = async (cx: ChatContext, message: OutgoingMessage, stored: StoreResult): Promise<SentMessage> => {
  const { body, sequence } = stored;
  await stored.flushed;
  const status = stored.resumed ? await repeatedStatus(cx, message, body.messageId) : 'stored';
  // Nothing is pushed again, nor what a cut-off attempt stored and someone has acknowledged since.
  if (stored.repeated || status === 'delivered') {
    return { messageId: body.messageId, sequence, status, at: body.at };
  }
  const frame = messageFrame(body, sequence, cx.now);
  const taken = await pushToUser(cx.ports, message.recipientId, { place: stored.place, frame, kind: 'message' });
  if (message.senderId !== message.recipientId) {
    await copyToOthers(cx, message, frame);
  }
  return { messageId: body.messageId, sequence, status: taken ? 'delivered' : 'stored', at: body.at };
};

/** A message that was stored before is not refused: it has its place. Tells how many places the mailbox has given. */
const refuseFull = async (cx: ChatContext, message: OutgoingMessage): Promise<number> => {
  const { table } = cx.ports;
  const { senderId, recipientId, clientMessageId } = message;
  const { head, isFull } = await mailboxOf(table, recipientId, cx.settings.limits.mailbox);
  if (!isFull) return head;
  if (clientMessageId !== undefined && (await table.get(claimKey(senderId), clientMessageId)) !== undefined)
    return head;
  throw new WireError('MESSAGE_ERROR', 'the mailbox of the recipient is full; try again when it was read', {
    recipientId,
  });
};

/**
 * Stores a message, then pushes it, in the order of its conversation. The two are turns of their own, so that messages that
 * follow each other share a flush. Nothing is awaited before the first turn is taken: messages of one connection keep their
 * order.
 */
export const send = async (cx: ChatContext, message: OutgoingMessage): Promise<SentMessage> => {
  const { turns } = cx.ports;
  const key = conversationKey(message.senderId, message.recipientId);
  const expiresAt = toSeconds(cx.now) + cx.settings.limits.retentionMessagesDays * DAY;
  const { clientMessageId } = message;
  const { delivery } = await turns.run(`store:${key}`, async () => {
    const queued = await refuseFull(cx, message);
    const stored =
      clientMessageId === undefined
        ? await storeOnce(cx, message, expiresAt)
        : await storeClaimed(cx, message, clientMessageId, expiresAt, queued);
    // Begun here, within the turn, so that deliveries take the order of the sequence; wrapped, so that the turn does not wait for it.
    return { delivery: turns.run(`deliver:${key}`, () => deliver(cx, message, stored)) };
  });
  return delivery;
};
