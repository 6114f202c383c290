import type { Batch, Db } from './writer.js';

const KEY = Buffer.from('versions');
const RESERVED = 1_000_000;

/**
 * One counter for the versions of all rows, so that a row which is put again after a delete never shows a version it had
 * before. It is reserved in blocks: a number that was given is below the stored one wherever its row is stored.
 */
export class Versions {
  readonly #meta: Db;
  #last: number;
  #reserved: number;

  constructor(meta: Db) {
    this.#meta = meta;
    this.#last = Number(meta.get(KEY) ?? 0);
    this.#reserved = this.#last;
  }

  next(batch: Batch): number {
    this.#last += 1;
    if (this.#last > this.#reserved) {
      this.#reserved = this.#last + RESERVED;
      batch.put(this.#meta, KEY, String(this.#reserved));
    }
    return this.#last;
  }

  /** After a flush failed: what was reserved may not be stored. */
  reset(): void {
    this.#reserved = this.#last;
  }
}
