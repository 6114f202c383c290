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
  /** How many messages these are, where it is not one. */
  readonly count?: number;
  /** Whether these are several frames: no bytes of them can be compressed as one. */
  readonly isRun?: true;
}

const encodingsOf = (frame: Frame): Encodings => {
  if (frame.encoded !== undefined) return frame.encoded as Encodings;
  const encodings: Encodings = { plain: encodeText(frame.text) };
  frame.encoded = encodings;
  return encodings;
};

/** The bytes of a frame: made at first use. */
export const encoded = (frame: Frame): Buffer => encodingsOf(frame).plain;

const OPENING = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSING = Buffer.from(']');

/** The messages of several frames as the list in one. */
export const encodeBatch = (frames: readonly Frame[]): Frame => {
  const parts: Buffer[] = [];
  let length = frames.length + 1;
  for (const each of frames) {
    const plain = encoded(each);
    const payload = plain.subarray(headBytes(plain.length));
    length += payload.length;
    parts.push(parts.length === 0 ? OPENING : COMMA, payload);
  }
  const head = headed(TEXT, length);
  let at = head.offset;
  for (const part of [...parts, CLOSING]) at += part.copy(head.frame, at);
  const encodings: Encodings = { plain: head.frame, count: frames.length };
  return { text: '', encoded: encodings };
};

/** Frames as one that leaves in one write; `count` is how many messages they hold. */
export const joinFrames = (frames: readonly Frame[], count: number): Frame => {
  const encodings: Encodings = { plain: Buffer.concat(frames.map(encoded)), count, isRun: true };
  return { text: '', encoded: encodings };
};

/** How many messages a frame is. */
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

/** How a peer takes what it is sent, as the handshake found. */
export interface Agreed {
  /** Undefined where nothing is compressed. */
  readonly compression: Compression | undefined;
  /** Whether a frame may hold several messages. */
  readonly takesBatches: boolean;
}

export const PLAIN: Agreed = { compression: undefined, takesBatches: false };

/**
 * The bytes of a frame for who takes compressed ones: compressed once for all of them, without context, so that every
 * receiver can read them.
 */
export const deflated = (frame: Frame, { from, windowBits }: Compression): Buffer => {
  const encodings = encodingsOf(frame);
  const { plain, isRun } = encodings;
  if (isRun || plain.length < from || plain.length > 1 << windowBits) return plain;
  encodings.deflated ??= deflate(plain);
  return encodings.deflated;
};

/** An event for one slow receiver, which is told how many older frames made room. */
export const conflatedFrame = (frame: Frame, conflated: number): Frame => ({
  text: `${frame.text.slice(0, -1)},"conflated":${conflated}}`,
});

/** A ping without a payload. */
export const pingFrame: Buffer = headed(PING, 0).frame;

/** The answer to a client's ping: its payload, up to 125 bytes. */
export const encodePong = (payload: Uint8Array): Buffer => {
  const { frame, offset } = headed(PONG, payload.length);
  frame.set(payload, offset);
  return frame;
};
