import type { Frame } from '@aideals/core';

/** RFC 6455, section 5.2: FIN and the opcode. Frames of a server are not masked. */
const TEXT = 0x81;
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

/** A text as one whole WebSocket frame. */
export const encodeText = (text: string): Buffer => {
  const { frame, offset } = headed(TEXT, Buffer.byteLength(text));
  frame.write(text, offset, 'utf8');
  return frame;
};

/** The bytes of a frame: made at first use and kept in it, so that all its receivers share them. */
export const encoded = (frame: Frame): Buffer => {
  if (frame.encoded !== undefined) return frame.encoded as Buffer;
  const bytes = encodeText(frame.text);
  frame.encoded = bytes;
  return bytes;
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
