import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import { within } from '../waiting.js';
import { Disconnected, type Peer } from '../wire/peer.js';
import type { OpenMessage, OpenSitting, Recorder } from './recorder.js';

export interface MailerOptions {
  readonly name: string;
  readonly friends: readonly string[];
  readonly recorder: Recorder;
  readonly chance: Chance;
}

const ACK_PERCENT = 70;
const ANSWER_MS = 10_000;

/** Someone who chats over the connections of a guest: one message at a time, repeated until it is confirmed. */
export class Mailer {
  readonly name: string;
  readonly counts = { confirmed: 0, repeated: 0, received: 0, acknowledged: 0 };
  readonly #options: MailerOptions;
  #peer: Peer | undefined;
  #sitting: OpenSitting | undefined;
  #open: OpenMessage | undefined;
  #isSending = false;
  #number = 0;

  constructor(options: MailerOptions) {
    this.#options = options;
    this.name = options.name;
  }

  get isIdle(): boolean {
    return this.#open === undefined;
  }

  /** A connection is about to be opened. */
  opening(at: number): void {
    this.#peer = undefined;
    this.#sitting = { user: this.name, openedAt: at, received: [] };
    this.#options.recorder.sittings.push(this.#sitting);
  }

  /** Resolves when the connection has ended. What was not answered on the one before is repeated first. */
  async sit(peer: Peer): Promise<void> {
    this.#peer = peer;
    if (this.#open !== undefined) void this.#send(this.#open);
    await peer.closed;
    if (this.#peer === peer) this.#peer = undefined;
  }

  /** Begins the next message, where the one before is confirmed; else tries that one again. Called from time to time. */
  write(isNew = true): void {
    if (this.#peer === undefined || this.#isSending) return;
    if (this.#open === undefined && isNew) this.#open = this.#compose();
    if (this.#open !== undefined) void this.#send(this.#open);
  }

  received({ type, data }: ServerFrame): void {
    if (type !== 'messageReceived') return;
    const { messageId, content, senderId, recipientId, sequence } = data;
    const [id, to] = [String(messageId), String(recipientId)];
    const one = { messageId: id, tag: String(content), from: String(senderId), to, sequence: Number(sequence) };
    this.#sitting?.received.push(one);
    this.counts.received += 1;
    if (to === this.name && this.#options.chance.percent(ACK_PERCENT)) void this.#acknowledge(id);
  }

  #compose(): OpenMessage {
    const { name, friends, chance, recorder } = this.#options;
    this.#number += 1;
    const to = chance.pick(friends);
    const message: OpenMessage = {
      ...{ tag: `${name}>${to}:${this.#number}`, from: name, to, number: this.#number },
      ...{ outcome: 'unknown', isRepeated: false, messageId: undefined, sequence: undefined },
    };
    recorder.messages.push(message);
    return message;
  }

  async #send(message: OpenMessage): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined || this.#isSending) return;
    this.#isSending = true;
    const data = { recipientId: message.to, content: message.tag, clientMessageId: String(message.number) };
    const answer = await this.#ask(peer, 'sendMessage', data);
    this.#isSending = false;
    if (answer?.type !== 'messageSent') {
      // Not stored, or not known to be: it is sent again.
      message.isRepeated = true;
      return;
    }
    if (message.isRepeated) this.counts.repeated += 1;
    this.counts.confirmed += 1;
    message.outcome = 'confirmed';
    message.messageId = String(answer.data['messageId']);
    message.sequence = Number(answer.data['sequence']);
    this.#open = undefined;
  }

  async #acknowledge(messageId: string): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    const answer = await this.#ask(peer, 'notificationAck', { messageId, type: 'received' });
    if (answer?.type !== 'notificationAcked') return;
    this.counts.acknowledged += 1;
    const { acknowledged } = this.#options.recorder;
    if (!acknowledged.has(messageId)) acknowledged.set(messageId, performance.now());
  }

  /** The answer; undefined where none came. */
  async #ask(peer: Peer, action: string, data: JsonObject): Promise<ServerFrame | undefined> {
    try {
      return await within(ANSWER_MS, action, peer.ask(action, data));
    } catch (error) {
      if (!(error instanceof Disconnected)) void peer.terminate();
      return undefined;
    }
  }
}
