import {
  type ActionContract,
  actions,
  type JsonObject,
  pushes,
  type ServerFrame,
  serverBatch,
  serverFrame,
} from '@aideals/protocol';
import type { DialOptions, Head } from './handshake.js';
import { type Closing, RawClient } from './raw-client.js';
import { Waiters } from './waiting.js';

const shapes = new Map<string, ActionContract['replies'][string]>();
for (const action of Object.values(actions)) {
  for (const [type, shape] of Object.entries(action.replies)) shapes.set(type, shape);
}
for (const push of Object.values(pushes)) shapes.set(push.type, push.data);

/** What breaks the contract in a server's frame; undefined where it is as it should be. */
export const faultOf = (frame: unknown): string | undefined => {
  const envelope = serverFrame.safeParse(frame);
  if (!envelope.success) return envelope.error.message;
  const data = shapes.get(envelope.data.type)?.safeParse(envelope.data.data);
  return data === undefined || data.success ? undefined : data.error.message;
};

const batchFaultOf = (frames: readonly unknown[], takesBatches: boolean): string | undefined => {
  if (!takesBatches) return 'a frame holds several messages, and nobody asked for that';
  const batch = serverBatch.safeParse(frames);
  return batch.success ? undefined : batch.error.message;
};

type Match = string | ((frame: ServerFrame) => boolean);

const matcher = (match: Match) => (typeof match === 'string' ? (frame: ServerFrame) => frame.type === match : match);

/** Refused at the upgrade: the status and the error's body. */
export class Refused extends Error {
  readonly head: Head;
  readonly body: string;

  constructor(head: Head, body: string) {
    super(`the upgrade was refused: ${head.status} ${body}`);
    this.head = head;
    this.body = body;
  }
}

let counter = 0;

const placeOf = (id: string): [epoch: string, offset: number] => {
  const at = id.lastIndexOf('-');
  return [id.slice(0, at), Number(id.slice(at + 1))];
};

/** Whether a position lies before an id of the same epoch. */
const isBehind = (position: string | undefined, id: string): boolean => {
  if (position === undefined) return false;
  const [[epoch, offset], [other, published]] = [placeOf(position), placeOf(id)];
  return epoch === other && offset < published;
};

const NORMAL = 1000;

const closeCodeIn = (frame: ServerFrame | undefined): number | undefined => {
  const code = (frame?.data['details'] as { closeCode?: unknown } | undefined)?.closeCode;
  return frame?.type === 'error' && typeof code === 'number' ? code : undefined;
};

/**
 * A connection that speaks the protocol. Frames that came and were not yet taken lie in `inbox`, oldest first; each is
 * checked against its contract, and one that breaks it fails whoever waits.
 */
export class Session {
  readonly inbox: ServerFrame[] = [];
  readonly raw: RawClient;
  readonly head: Head;
  readonly userId: string;
  readonly takesBatches: boolean;
  /** How many messages each frame held, oldest first. */
  readonly frameSizes: number[] = [];
  /** The id of what was published last; undefined where there is one node, which has given it out when it confirms it. */
  published: (() => string | undefined) | undefined;
  /** Whether a replay may begin before the id given: what it brings from there is known already, and ids tell. */
  resumesEarlier = false;
  readonly #waiters = new Waiters();
  #fault: string | undefined;

  private constructor(raw: RawClient, head: Head, userId: string, takesBatches: boolean) {
    this.raw = raw;
    this.takesBatches = takesBatches;
    this.head = head;
    this.userId = userId;
    for (const text of raw.messages.splice(0)) this.#arrived(text);
    raw.onMessage = (text) => this.#arrived(text);
    void raw.closed.then(({ code, reason }) => this.#waiters.end(`the connection was closed with ${code} ${reason}`));
  }

  static async open(base: string, userId: string, options: DialOptions): Promise<Session> {
    const dialled = await RawClient.dial(base, options);
    if (!dialled.open) throw new Refused(dialled.head, dialled.body);
    return new Session(dialled.client, dialled.head, userId, options.path?.includes('batch=1') === true);
  }

  #arrived(text: string): void {
    const parsed: unknown = JSON.parse(text);
    const isBatch = Array.isArray(parsed);
    if (isBatch) this.#fault ??= batchFaultOf(parsed, this.takesBatches);
    const frames: readonly unknown[] = isBatch ? parsed : [parsed];
    this.frameSizes.push(frames.length);
    for (const frame of frames) {
      this.#fault ??= faultOf(frame);
      this.inbox.push(frame as ServerFrame);
    }
    this.#waiters.changed();
  }

  until<T>(look: () => T | undefined, what: string, ms?: number): Promise<T> {
    return this.#waiters.until(
      () => {
        if (this.#fault !== undefined) throw new Error(`a frame breaks its contract: ${this.#fault}`);
        return look();
      },
      () => `${what}; the inbox holds ${JSON.stringify(this.inbox.map((frame) => frame.type)).slice(0, 400)}`,
      ms,
    );
  }

  /** Takes the oldest frame that matches, waiting for it; those before it stay. */
  take(match: Match, ms?: number): Promise<ServerFrame> {
    const fits = matcher(match);
    return this.until(
      () => {
        const at = this.inbox.findIndex(fits);
        return at < 0 ? undefined : this.inbox.splice(at, 1)[0];
      },
      typeof match === 'string' ? match : 'a frame that matches',
      ms,
    );
  }

  /** Takes the oldest frame, whatever it is. */
  next(): Promise<ServerFrame> {
    return this.take(() => true);
  }

  /** Takes so many frames that match, in the order in which they came. */
  async takeMany(match: Match, count: number, ms?: number): Promise<ServerFrame[]> {
    const taken: ServerFrame[] = [];
    while (taken.length < count) taken.push(await this.take(match, ms));
    return taken;
  }

  /** Sends a frame with a fresh requestId, and gives that. */
  send(action: string, data?: JsonObject): string {
    counter += 1;
    const requestId = `r${counter}`;
    this.raw.sendText(JSON.stringify({ action, ...(data === undefined ? {} : { data }), requestId }));
    return requestId;
  }

  /** The frame that answers this requestId. */
  answer(requestId: string, ms?: number): Promise<ServerFrame> {
    return this.take((frame) => frame.requestId === requestId, ms);
  }

  /** Sends a frame and waits for its answer, an error too. */
  ask(action: string, data?: JsonObject): Promise<ServerFrame> {
    return this.answer(this.send(action, data));
  }

  /** Sends a text as it is and takes the next frame. */
  async askText(text: string): Promise<ServerFrame> {
    this.raw.sendText(text);
    return this.next();
  }

  /**
   * Pings, and takes all that lies before the pong: what the server had to say until now. Where another node may have taken
   * what was published last, it pings until a pong says that this connection has been served so far.
   */
  async untilPong(): Promise<ServerFrame[]> {
    const requestId = this.send('ping');
    const [pong, ...frames] = await this.until(() => {
      const at = this.inbox.findIndex((frame) => frame.requestId === requestId);
      return at < 0 ? undefined : [this.inbox[at] as ServerFrame, ...this.inbox.splice(0, at + 1).slice(0, -1)];
    }, 'a pong');
    const published = this.published?.();
    if (published === undefined || !isBehind(pong?.lastEventId, published)) return frames;
    return [...frames, ...(await this.untilPong())];
  }

  /** How it ended. A deployment that cannot send a close code tells it by an `error` frame before; answers of frames that it took side by side may come after that. */
  async closing(ms?: number): Promise<Closing> {
    const closing = await this.raw.closing(ms);
    const told = this.inbox.map(closeCodeIn).findLast((code) => code !== undefined);
    if (told === undefined || closing.code > NORMAL) return closing;
    return { ...closing, code: told };
  }

  close(): Promise<Closing> {
    return this.raw.close();
  }
}
