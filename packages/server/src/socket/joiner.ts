/**
 * Joins the frames of one write. A burst goes to many sockets as the same frames: who writes what the one before wrote
 * shares its bytes.
 */
export class Joiner {
  #parts: Uint8Array[] = [];
  #last: Uint8Array[] = [];
  #joined: Uint8Array = Buffer.alloc(0);

  add(part: Uint8Array): void {
    this.#parts.push(part);
  }

  /** The parts that were added, of which there is at least one, as one. */
  join(): Uint8Array {
    const parts = this.#parts;
    if (parts.length === 1) return parts.pop() as Uint8Array;
    if (!this.#isLast(parts)) {
      this.#joined = Buffer.concat(parts);
      this.#parts = this.#last;
      this.#last = parts;
    }
    this.#parts.length = 0;
    return this.#joined;
  }

  #isLast(parts: readonly Uint8Array[]): boolean {
    if (parts.length !== this.#last.length) return false;
    for (let i = 0; i < parts.length; i += 1) if (parts[i] !== this.#last[i]) return false;
    return true;
  }
}
