import { place, type QueryOptions } from '@aideals/core';
import { compareBytes } from '@aideals/core/memory';
import { Heads } from './heads.js';
import { Pending } from './pending.js';
import { endOfRows, expiryKey, rowKey, skOfRow } from './row-keys.js';
import { decodeRow, encodeRow, type StoredRow } from './stored-row.js';
import type { Batch, Db } from './writer.js';

type Placed = readonly [sk: string, row: StoredRow];

const outside = (sk: string, { after, before }: QueryOptions): boolean =>
  (after !== undefined && compareBytes(sk, after) <= 0) || (before !== undefined && compareBytes(sk, before) >= 0);

/** Rows as they are, expired ones among them: those in the database, and over them those on their way to it. */
export class Rows {
  readonly #db: Db;
  readonly #pending = new Pending<StoredRow | undefined>();
  readonly #heads: Heads;

  constructor(db: Db) {
    this.#db = db;
    this.#heads = new Heads(db);
  }

  /** Forgets what could not be written. */
  reset(): void {
    this.#pending.clear();
    this.#heads.reset();
  }

  get(pk: string, sk: string): StoredRow | undefined {
    const pending = this.#pending.get(pk, sk);
    if (pending !== undefined) return pending.value;
    const value = this.#db.get(rowKey(pk, sk));
    return value === undefined ? undefined : decodeRow(value);
  }

  put(batch: Batch, pk: string, sk: string, row: StoredRow): void {
    const before = this.get(pk, sk);
    batch.put(this.#db, rowKey(pk, sk), encodeRow(row));
    if (before?.expiresAt !== row.expiresAt) {
      if (before?.expiresAt !== undefined) batch.remove(this.#db, expiryKey(before.expiresAt, pk, sk));
      if (row.expiresAt !== undefined) batch.put(this.#db, expiryKey(row.expiresAt, pk, sk), '');
    }
    this.#pending.set(batch, row, pk, sk);
  }

  remove(batch: Batch, pk: string, sk: string): void {
    const before = this.get(pk, sk);
    if (before === undefined) return;
    batch.remove(this.#db, rowKey(pk, sk));
    if (before.expiresAt !== undefined) batch.remove(this.#db, expiryKey(before.expiresAt, pk, sk));
    this.#pending.set(batch, undefined, pk, sk);
  }

  head(pk: string): number {
    return this.#heads.get(pk);
  }

  /**
   * Puts a row at a place that was never given before. It does not look at what is there: where someone put a row by that
   * name, its entry by time of expiry is left to the sweep.
   */
  append(batch: Batch, pk: string, seq: number, row: StoredRow): void {
    const sk = place(seq);
    batch.put(this.#db, rowKey(pk, sk), encodeRow(row));
    if (row.expiresAt !== undefined) batch.put(this.#db, expiryKey(row.expiresAt, pk, sk), '');
    this.#pending.set(batch, row, pk, sk);
    this.#heads.set(batch, pk, seq);
  }

  /** The rows between the bounds, in order. The limit is the caller’s to keep. */
  *range(pk: string, options: QueryOptions): Generator<Placed> {
    const pending = this.#pending.of(pk);
    if (pending === undefined) {
      yield* this.#stored(pk, options);
      return;
    }
    const sign = options.reverse === true ? -1 : 1;
    const fresh = [...pending]
      .flatMap(([sk, { value }]): Placed[] => (value === undefined || outside(sk, options) ? [] : [[sk, value]]))
      .sort(([a], [b]) => sign * compareBytes(a, b));
    let next = 0;
    for (const placed of this.#stored(pk, options)) {
      if (pending.has(placed[0])) continue;
      for (; next < fresh.length; next++) {
        const before = fresh[next] as Placed;
        if (sign * compareBytes(before[0], placed[0]) > 0) break;
        yield before;
      }
      yield placed;
    }
    yield* fresh.slice(next);
  }

  *#stored(pk: string, { after, before, reverse = false }: QueryOptions): Generator<Placed> {
    // Bounds are exclusive; the partition’s own ends are no keys of rows.
    const low = rowKey(pk, after ?? '');
    const high = before === undefined ? endOfRows(pk) : rowKey(pk, before);
    const range = reverse ? { start: high, end: low, reverse } : { start: low, end: high };
    for (const { key, value } of this.#db.getRange({ ...range, exclusiveStart: true })) {
      yield [skOfRow(key), decodeRow(value)];
    }
  }
}
