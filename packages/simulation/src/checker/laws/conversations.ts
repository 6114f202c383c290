import type { JsonObject } from '@aideals/protocol';
import type { Conn, Pending } from '../conn.js';
import { isError, type Law, must, type Received } from '../law.js';
import type { Seen } from '../trace.js';
import type { View } from '../view.js';

const conversationOf = (a: string, b: string): string => [a, b].sort().join(' & ');

interface Place {
  readonly conversation: string;
  readonly sequence: number;
  readonly content: string;
  readonly text: string;
}

/** What one client wanted to send once: its repeats carry the same content. */
interface Intent {
  readonly conversation: string;
  since: number;
  readonly clientMessageId: string | undefined;
  attempts: number;
  confirmed: number;
  readonly ids: Set<string>;
}

/** Messages of a conversation are numbered densely, each once; a `clientMessageId` stores once; order holds. */
export const conversations = (view: View): Law => {
  const places = new Map<string, Place>();
  const numbers = new Map<string, Map<number, string>>();
  const intents = new Map<string, Intent>();
  /** The contents that were tried under each clientMessageId, and the one that was confirmed. */
  const claims = new Map<string, { contents: Set<string>; confirmed: string | undefined; since: number }>();
  /** The last number that each connection was told for what it sent, by conversation. */
  const sentAt = new Map<string, number>();
  /** Of each connection: what it got, and the last number by conversation. */
  const heard = new Map<string, { ids: Set<string>; last: Map<string, number> }>();

  const claimOf = (user: string, data: JsonObject) => {
    const name = `${user} ${String(data['clientMessageId'])}`;
    const claim = claims.get(name) ?? { contents: new Set<string>(), confirmed: undefined, since: view.clock };
    claims.set(name, claim);
    return claim;
  };

  const forgotten = (since: number): boolean => view.latest >= since + view.rules.retentionMessagesSeconds * 1000;

  const sent = (conn: Conn, data: JsonObject, item: Seen): void => {
    const content = data['content'] as string;
    const clientMessageId = data['clientMessageId'] as string | undefined;
    const intent = intents.get(content) ?? {
      conversation: conversationOf(conn.user, data['recipientId'] as string),
      since: item.clock,
      clientMessageId,
      attempts: 0,
      confirmed: 0,
      ids: new Set<string>(),
    };
    intents.set(content, intent);
    intent.attempts += 1;
    if (clientMessageId !== undefined) claimOf(conn.user, data).contents.add(content);
  };

  const numbered = (id: string, place: Place, item: Seen): void => {
    const { conversation, sequence, content, text } = place;
    const before = places.get(id);
    const same = before === undefined || (before.conversation === conversation && before.sequence === sequence);
    must('a message has one number', same, () => `${id} is ${before?.sequence} and ${sequence}`, item);
    const told = before === undefined || before.text === '' || text === '' || before.text === text;
    const unchanged = told && (before === undefined || before.content === content);
    must('a message is what was sent', unchanged, () => `${id} is now ${text}`, item);
    if (before === undefined || before.text === '') places.set(id, place);
    const ofConversation = numbers.get(conversation) ?? new Map<number, string>();
    numbers.set(conversation, ofConversation);
    const other = ofConversation.get(sequence);
    const free = other === undefined || other === id;
    must('no number is given twice', free, () => `${sequence} of ${conversation} is ${other} and ${id}`, item);
    ofConversation.set(sequence, id);
    const intent = intents.get(content);
    must('a message is what was sent', intent?.conversation === conversation, () => `${id} was never sent`, item);
    intent?.ids.add(id);
    const most = intent?.clientMessageId !== undefined && !forgotten(intent.since) ? 1 : (intent?.attempts ?? 0);
    const stored = () => `"${content}" is stored as ${[...(intent?.ids ?? [])].join()}`;
    must('a message is stored once', (intent?.ids.size ?? 0) <= most, stored, item);
  };

  const confirmed = (conn: Conn, { request }: Pending, item: Received): void => {
    const { messageId, sequence, recipientId } = item.wire.data;
    const content = request.data['content'] as string;
    const echoed = recipientId === request.data['recipientId'];
    must('a message is what was sent', echoed, () => `sent to ${String(recipientId)}`, item);
    const conversation = conversationOf(conn.user, recipientId as string);
    numbered(messageId as string, { conversation, sequence: sequence as number, content, text: '' }, item);
    const intent = intents.get(content) as Intent;
    intent.confirmed += 1;
    if (intent.attempts === 1) {
      const way = `${conn.id} ${conversation}`;
      const last = sentAt.get(way) ?? 0;
      const overtaken = () => `"${content}" of ${conn.id} is number ${String(sequence)}, after ${last}`;
      must('frames are handled in order', (sequence as number) > last, overtaken, item);
      sentAt.set(way, sequence as number);
    }
    if (request.data['clientMessageId'] === undefined) return;
    const claim = claimOf(conn.user, request.data);
    if (forgotten(claim.since)) return;
    const one = claim.confirmed === undefined || claim.confirmed === content;
    must('a message is stored once', one, () => `"${content}" was taken for "${claim.confirmed}"`, item);
    claim.confirmed = content;
  };

  const refused = (conn: Conn, { request }: Pending, item: Received): void => {
    if (!isError(item, 'VALIDATION_ERROR')) return;
    const contents = claimOf(conn.user, request.data).contents;
    const other = request.data['clientMessageId'] !== undefined && contents.size > 1;
    must('no error without a cause', other, () => `"${String(request.data['content'])}" was refused`, item);
  };

  const received = (conn: Conn, item: Received): void => {
    const { messageId, senderId, recipientId, sequence, content } = item.wire.data;
    const conversation = conversationOf(senderId as string, recipientId as string);
    const text = JSON.stringify(item.wire.data);
    numbered(
      messageId as string,
      { conversation, sequence: sequence as number, content: content as string, text },
      item,
    );
    const concerned = conn.user === senderId || conn.user === recipientId;
    must('nothing comes that was not asked for', concerned, () => `${String(messageId)} came to ${conn.id}`, item);
    const of = heard.get(conn.id) ?? { ids: new Set<string>(), last: new Map<string, number>() };
    heard.set(conn.id, of);
    // Its order was told with its first coming.
    if (of.ids.has(messageId as string)) return;
    of.ids.add(messageId as string);
    // What could not be stored at once may be completed by a repeat, and comes late.
    if ((intents.get(content as string)?.attempts ?? 0) > 1) return;
    const last = of.last.get(conversation) ?? 0;
    // A copy of what one wrote oneself comes when it is its turn; a hand-over may have read further by then.
    if (conn.user === senderId && conn.settled === undefined && (sequence as number) < last) return;
    const order = () => `number ${String(sequence)} of ${conversation} came to ${conn.id} after ${last}`;
    must('a conversation is in order', (sequence as number) > last, order, item);
    of.last.set(conversation, sequence as number);
  };

  /** Only what was never confirmed may have left a number that no one saw. */
  const holes = (): void => {
    for (const [conversation, seen] of numbers) {
      const unseen = Math.max(...seen.keys()) - seen.size;
      const attempts = [...intents.values()].filter((intent) => intent.conversation === conversation);
      const open = attempts.reduce((sum, { attempts: tried, confirmed: done }) => sum + Math.max(tried - done, 0), 0);
      must('numbers are dense', unseen <= open, () => `${unseen} numbers of ${conversation} were never seen`);
    }
  };

  return {
    see(item) {
      if (item.kind === 'clock') {
        // What is stored expires by the clock of that moment, which may have gone back.
        for (const one of [...intents.values(), ...claims.values()]) one.since = Math.min(one.since, item.clock);
      }
      if (item.kind === 'sent' && item.request.action === 'sendMessage') {
        sent(view.conn(item.conn), item.request.data, item);
      }
      if (item.kind !== 'received') return;
      const conn = view.conn(item.conn);
      const { request } = view;
      if (item.wire.type === 'messageReceived') received(conn, item);
      if (request?.request.action !== 'sendMessage') return;
      if (isError(item)) refused(conn, request, item);
      else confirmed(conn, request, item);
    },
    end: holes,
  };
};
