import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { Peer } from '../wire/peer.js';
import { type Book, conversationOf } from './book.js';
import type { Person } from './person.js';

export interface DeviceOptions {
  readonly person: Person;
  readonly book: Book;
  readonly findings: Findings;
  readonly chance: Chance;
}

const ACK_PERCENT = 70;

/** One connection of a person: what came on it, in which order. */
export class Device {
  peer: Peer | undefined;
  readonly #options: DeviceOptions;
  /** What waited when it connected. */
  readonly #owed: ReadonlySet<string>;
  /** All that was known to be stored for the person when it connected. */
  readonly #known: ReadonlySet<string>;
  /** What was acknowledged, surely, before it connected. */
  readonly #ended: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  readonly #asked = new Set<string>();
  /** The last sequence of each conversation that came, and that was given to a message sent here. */
  readonly #came = new Map<string, number>();
  readonly #given = new Map<string, number>();

  constructor(options: DeviceOptions) {
    this.#options = options;
    const { person } = options;
    this.#owed = new Set(person.waiting());
    this.#known = new Set(options.book.mail.get(person.name)?.keys());
    this.#ended = new Set([...person.acks].flatMap(([id, state]) => (state === 'confirmed' ? [id] : [])));
  }

  /** What waited when it connected, has not come, and is not acknowledged meanwhile. */
  missing(): string[] {
    return [...this.#owed].filter((id) => !this.#seen.has(id) && !this.#options.person.acks.has(id));
  }

  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  received(frame: ServerFrame): void {
    if (frame.type === 'messageReceived') this.#message(frame.data);
    else if (frame.type === 'notification') this.#notification(frame.data);
  }

  /** A message that was sent here, for the first time, was confirmed. */
  answered(conversation: string, sequence: number, tag: string): void {
    const before = this.#given.get(conversation) ?? 0;
    this.#given.set(conversation, sequence);
    this.#options.findings.hold(
      sequence > before,
      'messages of one connection have their sequence in the order in which they were sent',
      () => `${tag} has ${sequence} after ${before}`,
    );
  }

  #message(data: JsonObject): void {
    const { person, book, findings } = this.#options;
    const { messageId, senderId, recipientId, sequence, content } = data;
    const [id, tag, from, to] = [String(messageId), String(content), String(senderId), String(recipientId)];
    const conversation = conversationOf(from, to);
    const message = book.messages.get(tag);
    findings.hold(message?.from === from && message.to === to, 'nobody receives what was not sent', () => tag);
    const before = this.#came.get(conversation) ?? 0;
    this.#came.set(conversation, Number(sequence));
    findings.hold(
      Number(sequence) > before,
      'a conversation comes in order',
      () => `${person.name} got ${tag} (${sequence}) after ${before} of ${conversation}`,
    );
    book.sawMessage(conversation, to, { id, tag }, Number(sequence));
    if (to === person.name) this.#mail(id, tag, false, { messageId: id, type: 'received' });
  }

  #notification(data: JsonObject): void {
    const [id, tag] = [String(data['notificationId']), String(data['title'])];
    const { book, person } = this.#options;
    book.sawItem(person.name, { id, tag });
    this.#mail(id, tag, book.repeated.has(tag), { notificationId: id });
  }

  /** `isRepeated`: its publisher did not know whether it was stored, and its repeat may push it once more. */
  #mail(id: string, tag: string, isRepeated: boolean, ack: JsonObject): void {
    const { person, findings, chance } = this.#options;
    const isAgain = this.#seen.has(id);
    if (isAgain && isRepeated) person.counts.twice += 1;
    else findings.hold(!isAgain, 'one connection gets one copy', () => `${person.name} got ${tag} twice`);
    findings.hold(
      !this.#ended.has(id),
      'what was acknowledged does not come again',
      () => `${person.name} got ${tag} again`,
    );
    this.#seen.add(id);
    person.counts.received += 1;
    if (this.#known.has(id)) person.counts.again += 1;
    // A frame may come before the dial has returned.
    if (this.peer === undefined || this.#asked.has(id) || !chance.percent(ACK_PERCENT)) return;
    this.#asked.add(id);
    void this.#acknowledge(this.peer, id, tag, ack);
  }

  async #acknowledge(peer: Peer, id: string, tag: string, data: JsonObject): Promise<void> {
    const { person, findings } = this.#options;
    if (!person.acks.has(id)) person.acks.set(id, 'asked');
    const answer = await peer.ask('notificationAck', data).catch(() => undefined);
    if (answer === undefined) return;
    if (answer.type === 'error') {
      findings.broken('what was received can be acknowledged', `${tag}: ${JSON.stringify(answer.data)}`);
      return;
    }
    person.counts.acknowledged += 1;
    person.acks.set(id, 'confirmed');
  }
}
