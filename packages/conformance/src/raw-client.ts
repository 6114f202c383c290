import type { Socket } from 'node:net';
import { constants, inflateRawSync } from 'node:zlib';
import { closePayload, encodeFrame, type Frame, type FrameInit, FrameReader, opcodes } from './frame-codec.js';
import { type DialOptions, type Head, handshake } from './handshake.js';
import { DEADLINE_MS, patient, Waiters } from './waiting.js';

/** How a connection ended: the code of the server's close frame, 1005 where it had none, 1006 where no close frame came. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export type Dialled =
  | { readonly open: true; readonly head: Head; readonly client: RawClient }
  | { readonly open: false; readonly head: Head; readonly body: string };

/** API Gateway takes no larger frame. */
const FRAME_BYTES = 32_768;

const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** A message of permessage-deflate, each compressed on its own (RFC 7692, section 7.2.2). */
const inflate = (bytes: Buffer): Buffer =>
  inflateRawSync(Buffer.concat([bytes, DEFLATE_TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });

/**
 * A WebSocket client on a bare TCP socket that can be told to break every rule. By itself it answers pings and closes;
 * it records what the server does wrong in `violations`.
 */
export class RawClient {
  /** Complete data messages, oldest first; `takeMessage` takes them out. */
  readonly messages: string[] = [];
  /** Every frame that came, control frames too. */
  readonly frames: Frame[] = [];
  readonly violations: string[] = [];
  readonly closed: Promise<Closing>;
  /** Called for each complete message in place of `messages`. */
  onMessage: ((text: string) => void) | undefined;
  /** Keeps no record of data frames: for tests that read very many. */
  forget = false;
  answerPings = true;
  answerClose = true;

  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #waiters = new Waiters();
  readonly #deflate: boolean;
  #fragments: Frame[] = [];
  #closing: Closing | undefined;
  #closeSent = false;
  #ended = false;

  constructor(socket: Socket, rest: Buffer, head: Head) {
    this.#socket = socket;
    this.#deflate = head.headers['sec-websocket-extensions']?.startsWith('permessage-deflate') ?? false;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true;
        const closing = this.#closing ?? { code: 1006, reason: '' };
        this.#waiters.end(`the connection was closed with ${closing.code} ${closing.reason}`.trim());
        resolve(closing);
      });
    });
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    if (rest.length > 0) this.#take(rest);
    socket.resume();
  }

  /** Dials; a refusal is an answer, not an error. */
  static async dial(base: string, options: DialOptions = {}): Promise<Dialled> {
    const shaken = await handshake(base, options);
    if (!shaken.open) return shaken;
    return { open: true, head: shaken.head, client: new RawClient(shaken.socket, shaken.rest, shaken.head) };
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes read from the socket so far, the handshake included. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends frames, together in one write. */
  send(...frames: readonly FrameInit[]): void {
    if (frames.some((frame) => frame.opcode === opcodes.close)) this.#closeSent = true;
    this.sendBytes(Buffer.concat(frames.map(encodeFrame)));
  }

  /** Sends a message, in frames that every deployment takes. */
  sendText(text: string): void {
    const bytes = Buffer.from(text);
    const count = Math.max(1, Math.ceil(bytes.length / FRAME_BYTES));
    const part = (n: number): FrameInit => ({
      opcode: n === 0 ? opcodes.text : opcodes.continuation,
      fin: n === count - 1,
      payload: bytes.subarray(n * FRAME_BYTES, (n + 1) * FRAME_BYTES),
    });
    this.send(...Array.from({ length: count }, (_, n) => part(n)));
  }

  /** Stops reading from the socket: the server's bytes wait in the kernel, then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Waits until `look` finds something; it looks again after each frame. */
  until<T>(look: () => T | undefined, what: string | (() => string), ms = DEADLINE_MS): Promise<T> {
    return this.#waiters.until(look, what, ms);
  }

  takeMessage(what = 'a message'): Promise<string> {
    return this.until(() => this.messages.shift(), what);
  }

  /** Waits for a frame of this opcode, from the `nth` on. */
  frameOf(opcode: number, nth = 0): Promise<Frame> {
    return this.until(() => this.frames.filter((f) => f.opcode === opcode)[nth], `a frame of opcode ${opcode}`);
  }

  /** Waits for the end of the connection, whoever begins it. */
  async closing(bound = DEADLINE_MS): Promise<Closing> {
    const ms = patient(bound);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the connection was not closed within ${ms} ms`)), ms);
    });
    return Promise.race([this.closed, late]).finally(() => clearTimeout(timer));
  }

  /** Says goodbye and waits for the end. */
  async close(code = 1000, reason = ''): Promise<Closing> {
    if (!this.#ended && !this.#closeSent) this.send({ opcode: opcodes.close, payload: closePayload(code, reason) });
    this.resume();
    return this.closing();
  }

  /** Breaks the link. */
  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) this.#frame(frame);
    this.#waiters.changed();
  }

  #frame(frame: Frame): void {
    const data = frame.opcode === opcodes.text || frame.opcode === opcodes.continuation;
    if (!(data && this.forget)) this.frames.push(frame);
    if (frame.masked) this.violations.push('a masked frame');
    if (frame.rsv2 || frame.rsv3 || (frame.rsv1 && !this.#deflate)) this.violations.push('a reserved bit');
    if (this.#closing !== undefined) this.violations.push(`a frame of opcode ${frame.opcode} after the close frame`);
    if (data) this.#data(frame);
    else if (frame.opcode === opcodes.close) this.#close(frame);
    else if (frame.opcode === opcodes.ping) {
      if (this.answerPings) this.send({ opcode: opcodes.pong, payload: frame.payload });
    } else if (frame.opcode !== opcodes.pong) this.violations.push(`a frame of opcode ${frame.opcode}`);
  }

  #data(frame: Frame): void {
    this.#fragments.push(frame);
    if (!frame.fin) return;
    const parts = this.#fragments;
    this.#fragments = [];
    let bytes: Buffer = Buffer.concat(parts.map((part) => part.payload));
    if (parts[0]?.rsv1) bytes = inflate(bytes);
    const text = bytes.toString('utf8');
    if (this.onMessage) this.onMessage(text);
    else this.messages.push(text);
  }

  #close(frame: Frame): void {
    const { payload } = frame;
    this.#closing =
      payload.length < 2
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    if (this.answerClose && !this.#closeSent) this.send({ opcode: opcodes.close, payload: payload.subarray(0, 2) });
  }
}
