import type { History, Message, ReceivedMessage, Sitting } from './history.js';
import type { Report } from './verdict.js';

const conversationOf = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  [from, to].sort().join(' and ');

/** One message has one id and one number, and no other has them. */
const checkStored = ({ messages, sittings }: History, report: Report): void => {
  const idByTag = new Map<string, string>();
  const idByNumber = new Map<string, string>();
  const saw = (tag: string, messageId: string, place: string): void => {
    const known = idByTag.get(tag);
    idByTag.set(tag, messageId);
    if (known !== undefined && known !== messageId) report('doubled', `${tag} is stored as ${known} and ${messageId}`);
    const holder = idByNumber.get(place);
    idByNumber.set(place, messageId);
    if (holder !== undefined && holder !== messageId) report('doubled', `${place} is ${holder} and ${messageId}`);
  };
  for (const message of messages) {
    const { tag, messageId, sequence } = message;
    if (messageId !== undefined) saw(tag, messageId, `${conversationOf(message)} ${sequence}`);
  }
  for (const { received } of sittings) {
    for (const one of received) saw(one.tag, one.messageId, `${conversationOf(one)} ${one.sequence}`);
  }
};

/** Numbers of a conversation that no one was told of, where everything that was sent is known. */
const checkDense = ({ messages, sittings }: History, report: Report): void => {
  const numbers = new Map<string, Set<number>>();
  const saw = (conversation: string, sequence: number | undefined): void => {
    const known = numbers.get(conversation) ?? new Set();
    numbers.set(conversation, known);
    if (sequence !== undefined) known.add(sequence);
  };
  const isOpen = new Set<string>();
  for (const message of messages) {
    saw(conversationOf(message), message.sequence);
    if (message.outcome === 'unknown') isOpen.add(conversationOf(message));
  }
  for (const { received } of sittings) for (const one of received) saw(conversationOf(one), one.sequence);
  for (const [conversation, known] of numbers) {
    if (isOpen.has(conversation)) continue;
    const last = Math.max(0, ...known);
    const holes = Array.from({ length: last }, (_, i) => i + 1).filter((n) => !known.has(n));
    if (holes.length > 0) report('lost', `${conversation}: nothing has the numbers ${holes.slice(0, 5).join(', ')}`);
  }
};

/** Numbers are given in the order in which one sender sends. */
const checkSent = ({ messages }: History, report: Report): void => {
  const last = new Map<string, Message>();
  for (const message of [...messages].sort((a, b) => a.number - b.number)) {
    const { from, to, sequence, tag, isRepeated } = message;
    if (sequence === undefined || isRepeated) continue;
    const way = `${from} to ${to}`;
    const before = last.get(way);
    if (before?.sequence !== undefined && before.sequence >= sequence) {
      report('reordered', `${tag} has ${sequence}, and ${before.tag} before it ${before.sequence}`);
    }
    last.set(way, message);
  }
};

const checkSitting = (
  { user, openedAt, received }: Sitting,
  { acknowledged }: History,
  sent: ReadonlyMap<string, Message>,
  report: Report,
): void => {
  const seen = new Set<string>();
  const last = new Map<string, ReceivedMessage>();
  for (const one of received) {
    const { messageId, tag, from, to, sequence } = one;
    const message = sent.get(tag);
    if (message === undefined) report('ghost', `${user} got ${tag}, which nobody sent`);
    else if (message.from !== from || message.to !== to) report('ghost', `${user} got ${tag} as of ${from} to ${to}`);
    else if (user !== to && user !== from) report('ghost', `${user} got ${tag}, which is for ${to}`);
    else if (message.outcome === 'refused') report('ghost', `${user} got ${tag}, which was refused`);
    if (seen.has(messageId)) report('doubled', `${user} got ${tag} twice on one connection`);
    seen.add(messageId);
    if ((acknowledged.get(messageId) ?? Number.POSITIVE_INFINITY) < openedAt)
      report('stale', `${user} got ${tag} on a connection that is younger than its acknowledgement`);
    const conversation = conversationOf(one);
    const before = last.get(conversation);
    // A message whose first attempt stopped half-way keeps its number, and may come after younger ones.
    if (before !== undefined && before.sequence >= sequence && message?.isRepeated === false) {
      report('reordered', `${user} got ${tag} (${sequence}) after ${before.tag} (${before.sequence})`);
    }
    if (before === undefined || sequence > before.sequence) last.set(conversation, one);
  }
};

/** What was sent, against what came to whom it was for. */
export const checkMail = (history: History, report: Report): void => {
  const { messages, sittings, end } = history;
  checkStored(history, report);
  checkDense(history, report);
  checkSent(history, report);
  const sent = new Map(messages.map((message) => [message.tag, message]));
  for (const sitting of sittings) checkSitting(sitting, history, sent, report);
  if (end === undefined) return;
  const came = new Set(
    sittings.flatMap(({ user, received }) => received.map(({ messageId }) => `${user} ${messageId}`)),
  );
  for (const { tag, to, messageId, outcome } of messages) {
    if (outcome === 'confirmed' && !came.has(`${to} ${messageId}`))
      report('lost', `${tag} was confirmed, and ${to} never got it`);
  }
};
