import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../clock.js';
import type { EventSource } from '../events/websocket-events.js';
import { FrameSizes } from './frame-sizes.js';

/** What API Gateway allows a connection. */
export interface ConnectionLimits {
  readonly messageBytes: number;
  readonly frameBytes: number;
  readonly idleMs: number;
  readonly lifeMs: number;
  /** What may wait for a client that does not read, before a post is refused. AWS does not tell how much. */
  readonly waitingBytes: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  messageBytes: 131_072,
  frameBytes: 32_768,
  idleMs: 600_000,
  lifeMs: 7_200_000,
  waitingBytes: 1_048_576,
};

const NORMAL = 1000;
const GOING_AWAY = 1001;
const NOT_TEXT = 1003;
const TOO_LARGE = 1009;
const NO_STATUS = 1005;

/** How `$disconnect` is told of an end that has no reason of its own. */
const REASONS: Readonly<Record<number, string>> = {
  [NORMAL]: 'Connection Closed Normally',
  [GOING_AWAY]: 'Going away',
  [NO_STATUS]: 'Client-side close frame status not set',
  1006: 'Connection closed abnormally',
};

export interface ConnectionEvents {
  readonly message: (text: string) => void;
  /** It is over, for whatever reason. */
  readonly ended: (status: number, reason: string) => void;
}

/** One connection of the API. Until its socket is open nobody can reach it. */
export class Connection {
  readonly source: EventSource;
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  lastActiveAt: number;
  #socket: WebSocket | undefined;
  #callOffs: (() => void)[] = [];

  constructor(source: EventSource, clock: Clock, limits: ConnectionLimits) {
    this.source = source;
    this.#clock = clock;
    this.#limits = limits;
    this.lastActiveAt = source.connectedAt;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  /** The handshake is done: from here on it is reached. `raw` is the socket beneath. */
  open(socket: WebSocket, raw: Socket, { message, ended }: ConnectionEvents): void {
    this.#socket = socket;
    this.#active();
    const sizes = new FrameSizes(this.#limits.frameBytes);
    let messages = 0;
    const isTooLong = (): boolean => sizes.tooLongIn !== undefined && messages >= sizes.tooLongIn;
    // Before the library reads the same bytes: what it then has read whole is told within this turn.
    raw.prependListener('data', (chunk: Buffer) => {
      sizes.push(chunk);
      if (sizes.tooLongIn !== undefined) queueMicrotask(() => this.#close(TOO_LARGE, 'frame too large'));
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isTooLong() || !this.isOpen) return;
      messages += 1;
      this.#active();
      if (isBinary) this.#close(NOT_TEXT, 'binary frames are not supported');
      else message((data as Buffer).toString('utf8'));
    });
    socket.on('ping', () => this.#active());
    // What breaks the protocol: the library has closed with the code for it.
    socket.on('error', () => undefined);
    socket.once('close', (code: number, reason: Buffer) => {
      for (const callOff of this.#callOffs.splice(0)) callOff();
      ended(code, reason.toString() || (REASONS[code] ?? ''));
    });
    this.#callOffs.push(this.#clock.after(this.#limits.lifeMs, () => this.#close(GOING_AWAY, 'Going away')));
    this.#watchIdle();
  }

  /** Sends a text as one frame; false where the client does not read what waits for it. */
  send(text: string): boolean {
    const socket = this.#socket as WebSocket;
    if (socket.bufferedAmount > this.#limits.waitingBytes) return false;
    this.#active();
    socket.send(text);
    return true;
  }

  /** Closes it as a DELETE of `@connections` does, which carries no code of the caller’s. */
  disconnect(): void {
    this.#close(NORMAL, REASONS[NORMAL] as string);
  }

  /** Breaks the link without a word. */
  terminate(): void {
    this.#socket?.terminate();
  }

  #close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  #active(): void {
    this.lastActiveAt = this.#clock.now();
  }

  #watchIdle(): void {
    const rest = this.lastActiveAt + this.#limits.idleMs - this.#clock.now();
    if (rest <= 0) this.#close(GOING_AWAY, 'Going away');
    else this.#callOffs[1] = this.#clock.after(rest, () => this.#watchIdle());
  }
}
