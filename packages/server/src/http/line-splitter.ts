import type { Line } from '@aideals/core';

export type { Line };

const NEWLINE = 0x0a;

const joined = (parts: readonly Uint8Array[], bytes: number): Uint8Array => {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
};

/**
 * Cuts bytes into lines, without their ends. Blank lines are left out but counted. Memory stays within one chunk and
 * `maxBytes`, whatever comes: a longer line is skipped to its end and told as a problem, and so is one that is not UTF-8.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  // A TextDecoder leaves out a byte order mark, which some programs write at the start of a file.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #number = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk, one by one. */
  *push(chunk: Uint8Array): Generator<Line, void, void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      const line = this.#finish();
      if (line !== undefined) yield line;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, where it has no end. */
  end(): Line | undefined {
    return this.#bytes === 0 ? undefined : this.#finish();
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.byteLength;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.byteLength > 0) this.#parts.push(part);
  }

  #finish(): Line | undefined {
    this.#number += 1;
    const number = this.#number;
    const bytes = this.#bytes;
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    if (bytes > this.#maxBytes) return { number, problem: `is longer than ${this.#maxBytes} bytes` };
    try {
      const text = this.#decoder.decode(joined(parts, bytes));
      return text.trim() === '' ? undefined : { number, text };
    } catch {
      return { number, problem: 'is not UTF-8' };
    }
  }
}
