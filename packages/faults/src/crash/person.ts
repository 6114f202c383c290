import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { FaultServer } from '../served/server.js';
import { poll } from '../waiting.js';
import { Disconnected, Peer } from '../wire/peer.js';
import { type Book, conversationOf, type Message } from './book.js';
import { Device } from './device.js';
import type { Life } from './life.js';

export interface PersonOptions {
  readonly name: string;
  readonly friends: readonly string[];
  /** Connections beside the one that it sends on. */
  readonly others: number;
  readonly book: Book;
  readonly findings: Findings;
  readonly chance: Chance;
}

/** How many messages are on their way at once. */
const PIPELINED = 8;
const NAMED_PERCENT = 60;
const HANDOVER_MS = 10_000;

/** Someone who chats: sends to friends, receives on all devices, acknowledges, and repeats what was not answered. */
export class Person {
  readonly name: string;
  readonly counts = { confirmed: 0, uncertain: 0, repeated: 0, received: 0, again: 0, twice: 0, acknowledged: 0 };
  /** Acknowledgements by id: asked for (and perhaps never answered), or confirmed. */
  readonly acks = new Map<string, 'asked' | 'confirmed'>();
  readonly #options: PersonOptions;
  #devices: Device[] = [];
  #open: Message[] = [];
  #number = 0;

  constructor(options: PersonOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** What must be waiting: confirmed or received, and no one asked to end it. */
  waiting(): string[] {
    return [...(this.#options.book.mail.get(this.name)?.keys() ?? [])].filter((id) => !this.acks.has(id));
  }

  async connect(server: FaultServer): Promise<void> {
    this.#devices = [];
    for (let i = 0; i <= this.#options.others; i += 1) {
      const device = new Device({ person: this, ...this.#options });
      this.#devices.push(device);
      device.peer = await Peer.dial(server, this.name, { onFrame: (frame) => device.received(frame) });
    }
  }

  /** Resolves when each device has all that waited when it connected. What does not come is missed once, and not waited for again. */
  async handedOver(): Promise<void> {
    const complete = async (device: Device): Promise<void> => {
      const what = `what waits for ${this.name}`;
      await poll(what, () => (device.missing().length === 0 ? true : undefined), HANDOVER_MS).catch(() => {
        const missing = device.missing();
        for (const id of missing) this.acks.set(id, 'asked');
        this.#options.findings.broken(
          'what waits is handed over at each connect',
          `${this.name} misses ${missing.length}, such as ${missing.slice(0, 3).join(', ')}`,
        );
      });
    };
    await Promise.all(this.#devices.map(complete));
  }

  /** Sends until the life ends. */
  async send(life: Life): Promise<void> {
    const [device] = this.#devices;
    if (device === undefined) return;
    const lane = async (): Promise<void> => {
      while (!life.isOver && (await this.#sendOne(device, life, this.#open.shift() ?? this.#compose())));
    };
    await Promise.all(Array.from({ length: PIPELINED }, lane));
  }

  /** Repeats what is open. */
  async settle(life: Life): Promise<void> {
    const [device] = this.#devices;
    for (let next = this.#open.shift(); next !== undefined && device !== undefined; next = this.#open.shift()) {
      if (!(await this.#sendOne(device, life, next))) return;
    }
  }

  async disconnected(): Promise<void> {
    for (const { peer } of this.#devices) await peer?.closed;
    this.#open.sort((a, b) => a.number - b.number);
  }

  async close(): Promise<void> {
    for (const { peer } of this.#devices) await peer?.close();
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  #compose(): Message {
    const { name, friends, chance, book } = this.#options;
    this.#number += 1;
    const to = chance.pick(friends);
    const message: Message = {
      tag: `${name}>${to}:${this.#number}`,
      from: name,
      to,
      number: this.#number,
      clientMessageId: chance.percent(NAMED_PERCENT) ? `c${this.#number}` : undefined,
      floor: book.toldIn(conversationOf(name, to)),
      attempts: 0,
      messageId: undefined,
      sequence: undefined,
    };
    book.messages.set(message.tag, message);
    return message;
  }

  async #sendOne(device: Device, life: Life, message: Message): Promise<boolean> {
    const { tag, to, clientMessageId } = message;
    message.attempts += 1;
    const data: JsonObject = {
      recipientId: to,
      content: tag,
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    };
    let answer: ServerFrame;
    try {
      answer = await (device.peer as Peer).ask('sendMessage', data);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      if (clientMessageId === undefined) this.counts.uncertain += 1;
      else this.#open.push(message);
      return false;
    }
    if (answer.type !== 'messageSent') {
      this.#options.findings.broken('a good message is confirmed', `${tag}: ${JSON.stringify(answer.data)}`);
      return true;
    }
    this.counts.confirmed += 1;
    if (message.attempts > 1) this.counts.repeated += 1;
    const sequence = Number(answer.data['sequence']);
    this.#options.book.confirmedMessage(message, String(answer.data['messageId']), sequence);
    if (message.attempts === 1) device.answered(conversationOf(this.name, to), sequence, tag);
    life.confirmed();
    return true;
  }
}
