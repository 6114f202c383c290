import type { JsonObject } from '@aideals/protocol';
import {
  type AppendOptions,
  type Clock,
  type Flushed,
  type Put,
  type PutOptions,
  place,
  type Row,
  type Table,
  toSeconds,
} from '../ports/index.js';
import { Heap } from './heap.js';
import { checkBound, checkPk, checkSk } from './keys.js';
import { Partition, type StoredRow } from './partition.js';

const flushed = Promise.resolve();

/** A `Table` in memory. It answers at once, and forgets all with the process. */
export const memoryTable = (clock: Clock) => {
  const partitions = new Map<string, Partition>();
  const heads = new Map<string, number>();
  const expiries = new Heap<StoredRow>();
  // One counter for all rows: a row that is put again after a delete never shows a version it had before.
  let versions = 0;

  const expired = (row: StoredRow): boolean => row.at <= toSeconds(clock.now());

  const visible = (pk: string, sk: string): StoredRow | undefined => {
    const row = partitions.get(pk)?.get(sk);
    return row === undefined || expired(row) ? undefined : row;
  };

  const remove = (pk: string, sk: string): void => {
    const partition = partitions.get(pk);
    const row = partition?.get(sk);
    if (partition === undefined || row === undefined) return;
    partition.delete(sk);
    expiries.remove(row);
    if (partition.size === 0) partitions.delete(pk);
  };

  const write = (pk: string, sk: string, body: JsonObject, expiresAt: number | undefined): number => {
    const text = JSON.stringify(body);
    const partition = partitions.get(pk) ?? new Partition();
    partitions.set(pk, partition);
    const before = partition.get(sk);
    if (before !== undefined) expiries.remove(before);
    versions += 1;
    const row = { pk, sk, text, version: versions, at: expiresAt ?? Number.POSITIVE_INFINITY, index: -1 };
    partition.set(row);
    if (expiresAt !== undefined) expiries.push(row);
    return versions;
  };

  const shown = (row: StoredRow): Row => ({
    sk: row.sk,
    body: JSON.parse(row.text) as JsonObject,
    version: row.version,
    ...(row.at === Number.POSITIVE_INFINITY ? {} : { expiresAt: row.at }),
  });

  return {
    get(pk: string, sk: string): Row | undefined {
      checkPk(pk);
      checkSk(sk);
      const row = visible(pk, sk);
      return row && shown(row);
    },

    put(pk: string, sk: string, body: JsonObject, options: PutOptions = {}): Put {
      checkPk(pk);
      checkSk(sk);
      const { ifAbsent = false, ifVersion, expiresAt } = options;
      const before = visible(pk, sk);
      if (ifAbsent && before !== undefined) return { stored: false };
      if (ifVersion !== undefined && before?.version !== ifVersion) return { stored: false };
      return { stored: true, version: write(pk, sk, body, expiresAt), flushed };
    },

    putMany(rows: Parameters<Table['putMany']>[0]): Flushed {
      for (const { pk, sk } of rows) {
        checkPk(pk);
        checkSk(sk);
      }
      for (const { pk, sk, body, expiresAt } of rows) write(pk, sk, body, expiresAt);
      return { flushed };
    },

    append(pk: string, body: JsonObject, { at, expiresAt }: AppendOptions = {}) {
      checkPk(pk);
      const seq = (heads.get(pk) ?? 0) + 1;
      if (at !== undefined && at !== seq) return { stored: false } as const;
      write(pk, place(seq), body, expiresAt);
      heads.set(pk, seq);
      return { stored: true, seq, flushed } as const;
    },

    head(pk: string): number {
      checkPk(pk);
      return heads.get(pk) ?? 0;
    },

    delete(pk: string, sk: string): Flushed {
      checkPk(pk);
      checkSk(sk);
      remove(pk, sk);
      return { flushed };
    },

    query(pk: string, options: Parameters<Table['query']>[1]): readonly Row[] {
      checkPk(pk);
      checkBound(options.after);
      checkBound(options.before);
      const rows: Row[] = [];
      for (const row of partitions.get(pk)?.range(options) ?? []) {
        if (rows.length >= options.limit) break;
        if (!expired(row)) rows.push(shown(row));
      }
      return rows;
    },

    sweep(limit: number): boolean {
      for (let removed = 0; ; removed++) {
        const row = expiries.peek();
        if (row === undefined || !expired(row)) return false;
        if (removed >= limit) return true;
        remove(row.pk, row.sk);
      }
    },

    check: (): void => undefined,
  } satisfies Table;
};
