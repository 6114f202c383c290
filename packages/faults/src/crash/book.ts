import type { Findings } from '../findings.js';
import { offsetOf } from '../wire/event-id.js';

/** A call that publishes: what it says, and what came of it. */
export interface Publication {
  readonly path: string;
  readonly body: string;
  /** One for each event, each used once in the whole run. */
  readonly tags: readonly string[];
  readonly key: string | undefined;
  /** The highest offset that anyone had been told when it was first sent: it must come to lie above. */
  readonly floor: number;
  attempts: number;
  /** The ids that it was answered with. */
  ids: readonly string[] | undefined;
}

/** A chat message: what it says, and what came of it. */
export interface Message {
  readonly tag: string;
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly clientMessageId: string | undefined;
  /** The highest sequence of its conversation that its sender had been told when it was first sent. */
  readonly floor: number;
  attempts: number;
  messageId: string | undefined;
  sequence: number | undefined;
}

export const conversationOf = (a: string, b: string): string => [a, b].sort().join('-');

/** What one conversation has shown of itself. */
interface Conversation {
  readonly idBySequence: Map<number, string>;
  told: number;
}

/** Something that waits for a user, or did. */
interface Item {
  readonly id: string;
  readonly tag: string;
}

/** All that clients were told, over all lives of the server. */
export class Book {
  readonly publications: Publication[] = [];
  /** Tags of what was published by more than one call. */
  readonly repeated = new Set<string>();
  readonly messages = new Map<string, Message>();
  /** Messages and notifications by user and id: confirmed to who sent them, or received. */
  readonly mail = new Map<string, Map<string, Item>>();
  readonly #idByTag = new Map<string, string>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #findings: Findings;
  #told = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The highest offset that any publisher was told. */
  get told(): number {
    return this.#told;
  }

  toldIn(conversation: string): number {
    return this.#conversation(conversation).told;
  }

  get conversations(): readonly string[] {
    return [...this.#conversations.keys()];
  }

  confirmedEvents(ids: readonly string[]): void {
    this.#told = Math.max(this.#told, ...ids.map(offsetOf));
  }

  confirmedMessage(message: Message, messageId: string, sequence: number): void {
    message.messageId = messageId;
    message.sequence = sequence;
    const conversation = conversationOf(message.from, message.to);
    this.#findings.hold(
      message.attempts > 1 || sequence > message.floor,
      'a message that is sent after another was confirmed has a higher sequence',
      () => `${message.tag} has ${sequence}, and ${message.floor} was confirmed before it was sent`,
    );
    const known = this.#conversation(conversation);
    known.told = Math.max(known.told, sequence);
    this.sawMessage(conversation, message.to, { id: messageId, tag: message.tag }, sequence);
  }

  /** One message has one id and one sequence, and no other has them. */
  sawMessage(conversation: string, to: string, item: Item, sequence: number): void {
    const { idBySequence } = this.#conversation(conversation);
    const holder = idBySequence.get(sequence);
    idBySequence.set(sequence, item.id);
    this.#findings.hold(
      holder === undefined || holder === item.id,
      'a sequence is given once in a conversation',
      () => `${conversation} has ${sequence} for ${holder} and for ${item.id}`,
    );
    this.sawItem(to, item);
  }

  /** What was sent once is stored once. */
  sawItem(user: string, item: Item): void {
    const tag = `${user} ${item.tag}`;
    const known = this.#idByTag.get(tag);
    this.#idByTag.set(tag, item.id);
    this.#findings.hold(
      known === undefined || known === item.id,
      'what was sent once is stored once',
      () => `${tag} is ${known} and ${item.id}`,
    );
    const items = this.mail.get(user) ?? new Map<string, Item>();
    this.mail.set(user, items);
    items.set(item.id, item);
  }

  /** Numbers below the highest that no one ever saw. */
  holes(conversation: string): number[] {
    const { idBySequence } = this.#conversation(conversation);
    const last = Math.max(0, ...idBySequence.keys());
    return Array.from({ length: last }, (_, i) => i + 1).filter((n) => !idBySequence.has(n));
  }

  lengthOf(conversation: string): number {
    return this.#conversation(conversation).idBySequence.size;
  }

  #conversation(name: string): Conversation {
    const known = this.#conversations.get(name) ?? { idBySequence: new Map(), told: 0 };
    this.#conversations.set(name, known);
    return known;
  }
}
