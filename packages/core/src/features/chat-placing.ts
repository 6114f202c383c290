import { enqueue, inboxEntry, mailboxKey, noteInbox, type Waiting } from '../delivery/mailbox.js';
import type { StoredMessage } from '../delivery/stored.js';
import { type Flushed, type Ports, place, seqOf } from '../ports/index.js';

type PlacingPorts = Pick<Ports, 'table' | 'userRelay'>;

/** Messages before one that are looked at: more than there can be nodes that are between two writes. */
const LOOKED_AT = 32;

export const waitingMessage = (pk: string, sequence: number, messageId: string): Waiting => ({
  kind: 'message',
  id: messageId,
  ref: { pk, sk: place(sequence) },
});

export interface Placed {
  /** In the mailbox of the recipient. */
  readonly place: number;
  readonly writes: readonly Flushed[];
}

/**
 * Notes the pointer of a message. The inbox entry decides which one stands, where a later writer has put another in its stead
 * at the same time: that which is not noted is taken back.
 */
export const settlePointer = async (
  { table }: PlacingPorts,
  recipientId: string,
  waiting: Waiting,
  queued: { readonly seq: number } & Flushed,
  expiresAt: number,
): Promise<Placed> => {
  const noted = await noteInbox(table, recipientId, waiting, queued.seq, expiresAt);
  const stands = noted.at ?? queued.seq;
  if (stands === queued.seq) return { place: stands, writes: [queued, noted] };
  return { place: stands, writes: [noted, await table.delete(mailboxKey(recipientId), place(queued.seq))] };
};

const put = async (ports: PlacingPorts, recipientId: string, waiting: Waiting, expiresAt: number): Promise<Placed> => {
  const queued = await enqueue(ports.table, recipientId, waiting, expiresAt);
  if (queued === undefined) throw new Error('an append without a place was refused');
  return settlePointer(ports, recipientId, waiting, queued, expiresAt);
};

/**
 * Where several nodes write to one conversation, a number may be given to one of them and the next place in the mailbox to
 * another. So whoever comes to the mailbox with a later number first puts there what comes before it and is not there yet:
 * pointers have the order of the numbers, and who died between the two writes keeps no one waiting.
 */
export const placeEarlier = async (
  ports: PlacingPorts,
  pk: string,
  sequence: number,
  recipientId: string,
  expiresAt: number,
): Promise<readonly Flushed[]> => {
  const { table, userRelay } = ports;
  if (userRelay === undefined || sequence === 1 || userRelay.placed(pk) === sequence - 1) return [];
  const rows = await table.query(pk, { before: place(sequence), limit: LOOKED_AT, reverse: true });
  const missing: Waiting[] = [];
  for (const { sk, body } of rows) {
    const { recipientId: to, messageId } = body as StoredMessage;
    if (to !== recipientId) continue;
    // All before one that is placed are placed.
    if ((await inboxEntry(table, recipientId, messageId)) !== undefined) break;
    missing.unshift(waitingMessage(pk, seqOf(sk), messageId));
  }
  const writes: Flushed[] = [];
  for (const waiting of missing) writes.push(...(await put(ports, recipientId, waiting, expiresAt)).writes);
  return writes;
};

/** Puts a message of a conversation into the mailbox of its recipient, behind those that come before it. */
export const placeMessage = async (
  ports: PlacingPorts,
  pk: string,
  sequence: number,
  { recipientId, messageId }: StoredMessage,
  expiresAt: number,
): Promise<Placed> => {
  const earlier = await placeEarlier(ports, pk, sequence, recipientId, expiresAt);
  const placed = await put(ports, recipientId, waitingMessage(pk, sequence, messageId), expiresAt);
  ports.userRelay?.placing(pk, sequence);
  return { place: placed.place, writes: [...earlier, ...placed.writes] };
};
