import {
  type AppendOptions,
  type Clock,
  type Flushed,
  type Put,
  type PutOptions,
  place,
  type QueryOptions,
  type Row,
  type Table,
  toSeconds,
} from '@aideals/core';
import { checkBound, checkPk, checkSk } from '@aideals/core/memory';
import { CHECK_KEY, expiredRange, rowOfExpiry } from './row-keys.js';
import { Rows } from './rows.js';
import { type StoredRow, shownRow } from './stored-row.js';
import type { Versions } from './versions.js';
import type { Batch, Db, Writer } from './writer.js';

/** As much as the largest message: a disk with room for less is full. */
const CHECK_VALUE = '.'.repeat(131_072);

const checkKeys = (pk: string, sk: string): void => {
  checkPk(pk);
  checkSk(sk);
};

/** Whether nothing that was appended can lie between the bounds. */
const isPastHead = (head: number, { after = '' }: QueryOptions): boolean => head === 0 || after >= place(head);

/**
 * A `Table` on lmdb. It decides in memory and answers at once: a write is visible to every read from then on, in the order
 * of the calls, and durable when its `flushed` resolves. Where a flush fails, all that was not durable is gone at once.
 */
export const embeddedTable = (db: Db, writer: Writer, versions: Versions, clock: Clock) => {
  const rows = new Rows(db);
  writer.onFailure(() => {
    rows.reset();
    versions.reset();
  });

  const expired = (row: StoredRow): boolean => row.expiresAt !== undefined && row.expiresAt <= toSeconds(clock.now());

  const visible = (pk: string, sk: string): StoredRow | undefined => {
    const row = rows.get(pk, sk);
    return row === undefined || expired(row) ? undefined : row;
  };

  const write = (batch: Batch, pk: string, sk: string, text: string, expiresAt: number | undefined): number => {
    const version = versions.next(batch);
    rows.put(batch, pk, sk, { version, expiresAt, text });
    return version;
  };

  return {
    get(pk: string, sk: string): Row | undefined {
      checkKeys(pk, sk);
      const row = visible(pk, sk);
      return row && shownRow(sk, row);
    },

    put(pk: string, sk: string, body: Row['body'], options: PutOptions = {}): Put {
      checkKeys(pk, sk);
      const { ifAbsent = false, ifVersion, expiresAt } = options;
      if (ifAbsent || ifVersion !== undefined) {
        const before = visible(pk, sk);
        if (ifAbsent && before !== undefined) return { stored: false };
        if (ifVersion !== undefined && before?.version !== ifVersion) return { stored: false };
      }
      const text = JSON.stringify(body);
      const batch = writer.batch();
      return { stored: true, version: write(batch, pk, sk, text, expiresAt), flushed: batch.flushed };
    },

    putMany(given: Parameters<Table['putMany']>[0]): Flushed {
      const texts = given.map(({ pk, sk, body }) => {
        checkKeys(pk, sk);
        return JSON.stringify(body);
      });
      if (texts.length === 0) return { flushed: writer.flushed };
      const batch = writer.batch();
      for (const [i, { pk, sk, expiresAt }] of given.entries()) write(batch, pk, sk, texts[i] as string, expiresAt);
      return { flushed: batch.flushed };
    },

    append(pk: string, body: Row['body'], { at, expiresAt }: AppendOptions = {}) {
      checkPk(pk);
      const seq = rows.head(pk) + 1;
      if (at !== undefined && at !== seq) return { stored: false } as const;
      const text = JSON.stringify(body);
      const batch = writer.batch();
      rows.append(batch, pk, seq, { version: versions.next(batch), expiresAt, text });
      return { stored: true, seq, flushed: batch.flushed } as const;
    },

    head(pk: string): number {
      checkPk(pk);
      return rows.head(pk);
    },

    delete(pk: string, sk: string): Flushed {
      checkKeys(pk, sk);
      if (rows.get(pk, sk) === undefined) return { flushed: writer.flushed };
      const batch = writer.batch();
      rows.remove(batch, pk, sk);
      return { flushed: batch.flushed };
    },

    query(pk: string, options: QueryOptions): readonly Row[] {
      checkPk(pk);
      checkBound(options.after);
      checkBound(options.before);
      if (options.appended === true && isPastHead(rows.head(pk), options)) return [];
      const found: Row[] = [];
      for (const [sk, row] of rows.range(pk, options)) {
        if (found.length >= options.limit) break;
        if (!expired(row)) found.push(shownRow(sk, row));
      }
      return found;
    },

    /** Resolves when what it removed is gone for good, so that sweeps are no faster than the disk. */
    async sweep(limit: number): Promise<boolean> {
      // Only the database knows what expires when.
      await writer.flushed;
      let batch: Batch | undefined;
      let looked = 0;
      let more = false;
      for (const key of db.getKeys(expiredRange(toSeconds(clock.now())))) {
        if (looked >= limit) {
          more = true;
          break;
        }
        looked += 1;
        batch ??= writer.batch();
        const { pk, sk } = rowOfExpiry(key);
        const row = rows.get(pk, sk);
        if (row !== undefined && expired(row)) rows.remove(batch, pk, sk);
        // Whoever gave the row another expiry has removed this key as well; it may not have come to the database yet.
        else batch.remove(db, key);
      }
      await batch?.flushed;
      return more;
    },

    async check(): Promise<void> {
      const batch = writer.batch();
      batch.put(db, CHECK_KEY, CHECK_VALUE);
      await batch.flushed;
    },
  } satisfies Table;
};
