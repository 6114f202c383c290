import type { JsonObject } from '@aideals/protocol';
import type { Awaitable } from './awaitable.js';

/** A stored row. `version` grows with each change of the row; `expiresAt` is in Unix seconds. */
export interface Row<Body extends JsonObject = JsonObject> {
  readonly sk: string;
  readonly body: Body;
  readonly version: number;
  readonly expiresAt?: number;
}

/** Every write resolves when it is committed and visible to reads; `flushed` resolves when it survives a crash. */
export interface Flushed {
  readonly flushed: Promise<void>;
}

export type Put = ({ readonly stored: true; readonly version: number } & Flushed) | { readonly stored: false };
export type Appended = ({ readonly stored: true; readonly seq: number } & Flushed) | { readonly stored: false };

export interface PutOptions {
  /** Only where no row is visible there. An expired row is not visible. */
  readonly ifAbsent?: boolean;
  /** Only where the row's version is this one. */
  readonly ifVersion?: number;
  readonly expiresAt?: number;
}

export interface AppendOptions {
  /** Only at this place, which must be the one after the head. */
  readonly at?: number;
  readonly expiresAt?: number;
}

export interface QueryOptions {
  /** Exclusive bounds. */
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
  readonly reverse?: boolean;
  /** The partition holds only what `append` put there: a table that knows its head need not look behind it. */
  readonly appended?: boolean;
}

/**
 * The narrow waist of all durable state: rows under a partition key and a sort key, in the byte order of the sort key.
 *
 * Laws: conditions hold for a single row; there are no transactions. A write that was committed before another one of the
 * same process is never lost where the later one survives. Reads are strong. Expired rows are invisible, also to `ifAbsent`.
 * `append` is dense and atomic and never gives a number twice, also after deletes and expiry; its rows have `place(seq)` as
 * sort key. A partition key has up to 1,200 bytes
 * of UTF-8, a sort key up to 600.
 */
export interface Table {
  get(pk: string, sk: string): Awaitable<Row | undefined>;
  put(pk: string, sk: string, body: JsonObject, options?: PutOptions): Awaitable<Put>;
  /**
   * Writes rows without conditions; all are committed together or in order. Of none it still tells when all writes before
   * are flushed: what is confirmed because it was read waits for that.
   */
  putMany(rows: readonly { pk: string; sk: string; body: JsonObject; expiresAt?: number }[]): Awaitable<Flushed>;
  append(pk: string, body: JsonObject, options?: AppendOptions): Awaitable<Appended>;
  /** The last number that `append` gave under this key; 0 where it gave none. */
  head(pk: string): Awaitable<number>;
  /** Deletes the row where it is there. */
  delete(pk: string, sk: string): Awaitable<Flushed>;
  query(pk: string, options: QueryOptions): Awaitable<readonly Row[]>;
  /** Removes some expired rows for good; true where more may be left. */
  sweep(limit: number): Awaitable<boolean>;
  /** Throws where the store cannot take writes now. */
  check(): Awaitable<void>;
}

const DIGITS = 16;

/** The sort key of an appended row: sorts as its number does. */
export const place = (seq: number): string => String(seq).padStart(DIGITS, '0');

export const seqOf = (sk: string): number => Number.parseInt(sk, 10);
