import { randomBytes } from 'node:crypto';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame to send, right or wrong: nothing here is checked, so that a server can be shown anything. */
export interface FrameInit {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** True where it is left out. */
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  readonly rsv2?: boolean;
  readonly rsv3?: boolean;
  /** False sends it unmasked, which a client must not. */
  readonly mask?: boolean;
  /** Claims this length in the header, whatever the payload is. */
  readonly claimedLength?: number;
}

export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  readonly masked: boolean;
  readonly payload: Buffer;
}

const header = (first: number, length: number, masked: boolean): Buffer => {
  const bit = masked ? 0x80 : 0;
  if (length < 126) return Buffer.from([first, bit | length]);
  if (length < 65_536) {
    const bytes = Buffer.from([first, bit | 126, 0, 0]);
    bytes.writeUInt16BE(length, 2);
    return bytes;
  }
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = bit | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
};

/** The bytes of a frame as a client sends it (RFC 6455, section 5.2). */
export const encodeFrame = (init: FrameInit): Buffer => {
  const payload = Buffer.from(init.payload ?? '');
  const first =
    ((init.fin ?? true) ? 0x80 : 0) |
    (init.rsv1 ? 0x40 : 0) |
    (init.rsv2 ? 0x20 : 0) |
    (init.rsv3 ? 0x10 : 0) |
    init.opcode;
  const masked = init.mask ?? true;
  const head = header(first, init.claimedLength ?? payload.length, masked);
  if (!masked) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  const body = Buffer.alloc(payload.length);
  for (let i = 0; i < payload.length; i += 1) body[i] = (payload[i] ?? 0) ^ (key[i & 3] ?? 0);
  return Buffer.concat([head, key, body]);
};

/** The payload of a close frame. */
export const closePayload = (code: number, reason: string | Uint8Array = ''): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
};

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = 2;

  /** Takes bytes, and gives the frames that are complete with them. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    while (this.#size >= this.#wanted) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const cut = this.#cut(bytes);
      if (cut === undefined) {
        this.#chunks = [bytes];
        continue;
      }
      frames.push(cut.frame);
      this.#chunks = [bytes.subarray(cut.end)];
      this.#size = bytes.length - cut.end;
      this.#wanted = 2;
    }
    return frames;
  }

  /** The first frame of the bytes, or undefined and in `#wanted` how many bytes it takes to go on. */
  #cut(bytes: Buffer): { frame: Frame; end: number } | undefined {
    const first = bytes[0] ?? 0;
    const second = bytes[1] ?? 0;
    const masked = (second & 0x80) !== 0;
    const short = second & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const bodyAt = 2 + lengthBytes + (masked ? 4 : 0);
    if (bytes.length < bodyAt) {
      this.#wanted = bodyAt;
      return undefined;
    }
    const length =
      lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthBytes === 2 ? bytes.readUInt16BE(2) : short;
    const end = bodyAt + length;
    if (bytes.length < end) {
      this.#wanted = end;
      return undefined;
    }
    const payload = Buffer.from(bytes.subarray(bodyAt, end));
    if (masked) for (let i = 0; i < length; i += 1) payload[i] = (payload[i] ?? 0) ^ (bytes[bodyAt - 4 + (i & 3)] ?? 0);
    const frame = {
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      rsv2: (first & 0x20) !== 0,
      rsv3: (first & 0x10) !== 0,
      masked,
      payload,
    };
    return { frame, end };
  }
}
