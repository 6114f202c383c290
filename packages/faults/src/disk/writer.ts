import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Findings } from '../findings.js';
import type { HttpAnswer, HttpCaller } from '../wire/http.js';
import type { Peer } from '../wire/peer.js';

/** Something that asks to be stored, and whether it was. */
export interface Write {
  readonly kind: 'event' | 'list' | 'message' | 'notification';
  readonly tags: readonly string[];
  /** An Idempotency-Key, or a clientMessageId. */
  readonly key: string | undefined;
  outcome: 'confirmed' | 'refused' | undefined;
  ids: readonly string[];
}

export interface WriterOptions {
  readonly http: HttpCaller;
  readonly findings: Findings;
  /** Who sends, and to whom. */
  readonly sender: Peer;
  readonly recipient: string;
  readonly topic: string;
}

const KINDS = ['event', 'message', 'list', 'notification'] as const;
const LIST = 3;
/** So that each write needs room. */
const PAD = 'x'.repeat(2_000);

/** Stores one thing after another, of each kind in turn, every second of them under a key, and notes what it was told. */
export class Writer {
  readonly writes: Write[] = [];
  readonly #options: WriterOptions;
  #number = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get refused(): readonly Write[] {
    return this.writes.filter(({ outcome }) => outcome === 'refused');
  }

  get confirmed(): readonly Write[] {
    return this.writes.filter(({ outcome }) => outcome === 'confirmed');
  }

  /** Asks for the next thing; true where it was stored. */
  async next(): Promise<boolean> {
    this.#number += 1;
    const n = this.#number;
    const kind = KINDS[n % KINDS.length] as Write['kind'];
    const tags = Array.from({ length: kind === 'list' ? LIST : 1 }, (_, i) => `w${n}.${i}`);
    const key = Math.floor(n / KINDS.length) % 2 === 0 ? undefined : `key-${n}`;
    const write: Write = { kind, tags, key, outcome: undefined, ids: [] };
    this.writes.push(write);
    return this.ask(write);
  }

  /** Asks for it, for the first time or again. */
  async ask(write: Write): Promise<boolean> {
    if (write.kind === 'message') this.#sent(write, await this.#send(write));
    else this.#posted(write, await this.#post(write));
    return write.outcome === 'confirmed';
  }

  #send({ tags: [tag = ''], key }: Write): Promise<ServerFrame> {
    const { sender, recipient } = this.#options;
    const data: JsonObject = { recipientId: recipient, content: `${tag} ${PAD}` };
    if (key !== undefined) data['clientMessageId'] = key;
    return sender.ask('sendMessage', data);
  }

  #sent(write: Write, { type, data }: ServerFrame): void {
    const isRefused = type === 'error' && data['code'] === 'MESSAGE_ERROR';
    if (type === 'messageSent') write.ids = [String(data['messageId'])];
    else this.#told(isRefused, write, JSON.stringify(data));
    write.outcome = type === 'messageSent' ? 'confirmed' : 'refused';
  }

  #post({ kind, tags, key }: Write): Promise<HttpAnswer> {
    const { http, topic, recipient } = this.#options;
    const [tag = ''] = tags;
    if (kind === 'notification') {
      const body = { userId: recipient, title: tag, message: 'A price fell.', data: { pad: PAD } };
      return http.post('/v1/notifications', body, key);
    }
    const list = tags.map((each) => ({ topic, data: { tag: each, pad: PAD } }));
    return http.post('/v1/broadcast', kind === 'list' ? list : list[0], key);
  }

  #posted(write: Write, { status, headers, text }: HttpAnswer): void {
    const json: unknown = JSON.parse(text);
    if (status === 200) {
      write.ids =
        write.kind === 'notification'
          ? (json as { notificationIds: string[] }).notificationIds
          : [json].flat().map((each) => String((each as { id: unknown }).id));
      write.outcome = 'confirmed';
      return;
    }
    const isError = (json as { type?: unknown }).type === 'error';
    this.#told(status === 503 && isError && Number(headers['retry-after']) > 0, write, `${status} ${text}`);
    write.outcome = 'refused';
  }

  #told(isRight: boolean, { kind, tags }: Write, what: string): void {
    this.#options.findings.hold(
      isRight,
      'what could not be stored is answered with an error that says so',
      () => `${kind} ${tags[0]}: ${what.slice(0, 300)}`,
    );
  }
}
