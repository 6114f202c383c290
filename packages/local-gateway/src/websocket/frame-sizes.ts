const OPCODE = 0x0f;
const CONTROL = 0x08;
const FIN = 0x80;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;

/**
 * Reads the heads of frames out of a stream of bytes, to see how long each is: the library that reads the frames themselves
 * limits messages alone.
 */
export class FrameSizes {
  readonly #limit: number;
  #head = Buffer.alloc(0);
  /** Bytes of the present frame that are still to come. */
  #rest = 0;
  #messages = 0;
  /** The number, from 0 on, of the first message with a frame over the limit. */
  tooLongIn: number | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes bytes as they come. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, chunk.length - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + 1)]);
      at += 1;
      this.#read();
    }
  }

  #read(): void {
    const [first, second] = this.#head;
    if (first === undefined || second === undefined) return;
    const short = second & LENGTH;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.#head.length < 2 + extra) return;
    const length =
      extra === 2 ? this.#head.readUInt16BE(2) : extra === 8 ? Number(this.#head.readBigUInt64BE(2)) : short;
    this.#head = Buffer.alloc(0);
    this.#rest = length + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
    if ((first & OPCODE & CONTROL) !== 0) return;
    if (length > this.#limit) this.tooLongIn ??= this.#messages;
    if ((first & FIN) !== 0) this.#messages += 1;
  }
}
