import type { AppendOptions, PutOptions, QueryOptions, Table } from '@aideals/core';
import { memoryTable } from '@aideals/core/memory';
import type { JsonObject } from '@aideals/protocol';
import type { Calls } from './calls.js';
import type { Disk } from './disk.js';
import { Flusher } from './flusher.js';

type Rows = Parameters<Table['putMany']>[0];

/** What changed a table, without the conditions that held then. Bodies are texts: nobody changes them later. */
export type TableOp =
  | { readonly kind: 'rows'; readonly rows: string }
  | { readonly kind: 'append'; readonly pk: string; readonly body: string; readonly expiresAt: number | undefined }
  | { readonly kind: 'delete'; readonly pk: string; readonly sk: string }
  | { readonly kind: 'sweep'; readonly limit: number };

const expiring = (expiresAt: number | undefined): { expiresAt?: number } =>
  expiresAt === undefined ? {} : { expiresAt };

/** Opens the table that a disk holds. */
export const openTable = (disk: Disk<TableOp>, calls: Calls, now: () => number): Table => {
  let replayed: number | undefined;
  const table = memoryTable({ now: () => replayed ?? now() });
  const apply = (op: TableOp): void => {
    if (op.kind === 'rows') table.putMany(JSON.parse(op.rows) as Rows);
    else if (op.kind === 'append') table.append(op.pk, JSON.parse(op.body) as JsonObject, expiring(op.expiresAt));
    else if (op.kind === 'delete') table.delete(op.pk, op.sk);
    else table.sweep(op.limit);
  };
  for (const { op, clock } of disk.commits) {
    replayed = clock;
    apply(op);
  }
  replayed = undefined;

  const flusher = new Flusher('table', disk as Disk<never>, calls);
  const commit = (op: TableOp): { flushed: Promise<void> } => ({ flushed: flusher.after(disk.commit(op, now())) });
  const rows = (list: Rows): { flushed: Promise<void> } => commit({ kind: 'rows', rows: JSON.stringify(list) });

  return {
    get: (pk: string, sk: string) => calls.store('table.get', false, () => table.get(pk, sk)),
    head: (pk: string) => calls.store('table.head', false, () => table.head(pk)),
    query: (pk: string, options: QueryOptions) => calls.store('table.query', false, () => table.query(pk, options)),

    put: (pk: string, sk: string, body: JsonObject, options: PutOptions = {}) =>
      calls.store('table.put', true, () => {
        const put = table.put(pk, sk, body, options);
        return put.stored ? { ...put, ...rows([{ pk, sk, body, ...expiring(options.expiresAt) }]) } : put;
      }),

    putMany: (list: Rows) =>
      calls.store('table.putMany', true, () => {
        table.putMany(list);
        return rows(list);
      }),

    append: (pk: string, body: JsonObject, options: AppendOptions = {}) =>
      calls.store('table.append', true, () => {
        const { expiresAt } = options;
        const appended = table.append(pk, body, options);
        if (!appended.stored) return appended;
        return { ...appended, ...commit({ kind: 'append', pk, body: JSON.stringify(body), expiresAt }) };
      }),

    delete: (pk: string, sk: string) =>
      calls.store('table.delete', true, () => {
        table.delete(pk, sk);
        return commit({ kind: 'delete', pk, sk });
      }),

    sweep: (limit: number) =>
      calls.store('table.sweep', true, () => {
        const more = table.sweep(limit);
        disk.commit({ kind: 'sweep', limit }, now());
        return more;
      }),

    check: () => calls.store('table.check', true, () => undefined),
  };
};
