import { constants, deflateRawSync } from 'node:zlib';
import type { Frame } from '@aideals/core';

/** RFC 6455, section 5.2: FIN and the opcode. Frames of a server are not masked. */
const TEXT = 0x81;
/** With RSV1: compressed by permessage-deflate (RFC 7692, section 6). */
const DEFLATED_TEXT = 0xc1;
const PING = 0x89;
const PONG = 0x8a;

const SHORT = 125;
const MEDIUM = 0xffff;

const headed = (first: number, length: number): { frame: Buffer; offset: number } => {
  const offset = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10;
  const frame = Buffer.allocUnsafe(offset + length);
  frame[0] = first;
  if (length <= SHORT) frame[1] = length;
  else if (length <= MEDIUM) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2);
    frame.writeUInt32BE(length % 0x1_0000_0000, 6);
  }
  return { frame, offset };
};

/** The bytes before the payload of a frame of so many bytes in all. */
const headBytes = (length: number): number => (length <= SHORT + 2 ? 2 : length <= MEDIUM + 4 ? 4 : 10);

/** A text as one whole WebSocket frame. */
export const encodeText = (text: string): Buffer => {
  const { frame, offset } = headed(TEXT, Buffer.byteLength(text));
  frame.write(text, offset, 'utf8');
  return frame;
};

/** What is kept in a frame, so that all its receivers share it. */
interface Encodings {
  readonly plain: Buffer;
  /** The plain bytes again, where compressing them saves nothing. */
  deflated?: Buffer;
  /** Of a run: how many frames it joins. */
  readonly count?: number;
}

const encodingsOf = (frame: Frame): Encodings => {
  if (frame.encoded !== undefined) return frame.encoded as Encodings;
  const encodings: Encodings = { plain: encodeText(frame.text) };
  frame.encoded = encodings;
  return encodings;
};

/** The bytes of a frame: made at first use. */
export const encoded = (frame: Frame): Buffer => encodingsOf(frame).plain;

/** Frames that leave together for all who have nothing else waiting: to an outbox one frame. */
export class Run {
  readonly frames: readonly Frame[];
  readonly bytes: number;
  /** Of the longest one. */
  readonly longest: number;
  #joined: Frame | undefined;

  constructor(frames: readonly Frame[]) {
    this.frames = frames;
    const lengths = frames.map((frame) => encoded(frame).length);
    this.bytes = lengths.reduce((sum, length) => sum + length, 0);
    this.longest = Math.max(...lengths);
  }

  /** All of them as one. Joined at the first use: where nobody takes them so, that is spared. */
  get frame(): Frame {
    if (this.#joined === undefined) {
      const encodings: Encodings = { plain: Buffer.concat(this.frames.map(encoded)), count: this.frames.length };
      this.#joined = { text: '', encoded: encodings };
    }
    return this.#joined;
  }
}

/** How many frames a frame is. */
export const frameCount = (frame: Frame): number => (frame.encoded as Encodings | undefined)?.count ?? 1;

/** What a flush leaves at the end, and a message leaves out (RFC 7692, section 7.2.1). */
const TAIL_BYTES = 4;

const deflate = (plain: Buffer): Buffer => {
  const payload = plain.subarray(headBytes(plain.length));
  const body = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL_BYTES);
  if (body.length >= payload.length) return plain;
  const { frame, offset } = headed(DEFLATED_TEXT, body.length);
  frame.set(body, offset);
  return frame;
};

export interface Compression {
  /** Frames of fewer bytes are sent as they are. */
  readonly from: number;
  /** The negotiated window of what this side sends: a shorter payload refers to nothing outside of it. */
  readonly windowBits: number;
}

/**
 * The bytes of a frame for who takes compressed ones: compressed once for all of them, without context, so that every
 * receiver can read them.
 */
export const deflated = (frame: Frame, { from, windowBits }: Compression): Buffer => {
  const encodings = encodingsOf(frame);
  const { plain, count } = encodings;
  if (count !== undefined || plain.length < from || plain.length > 1 << windowBits) return plain;
  encodings.deflated ??= deflate(plain);
  return encodings.deflated;
};

/** The bytes of an event for one slow receiver, which is told how many older frames made room. */
export const encodeConflated = (frame: Frame, conflated: number): Buffer =>
  encodeText(`${frame.text.slice(0, -1)},"conflated":${conflated}}`);

/** A ping without a payload. */
export const pingFrame: Buffer = headed(PING, 0).frame;

/** The answer to a client's ping: its payload, up to 125 bytes. */
export const encodePong = (payload: Uint8Array): Buffer => {
  const { frame, offset } = headed(PONG, payload.length);
  frame.set(payload, offset);
  return frame;
};
