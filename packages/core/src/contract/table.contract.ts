import type { JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Awaitable, type Clock, place, type Table, toSeconds } from '../ports/index.js';
import { anyObject } from './arbitraries.js';
import { later, type ManualClock, manualClock } from './manual-clock.js';
import { TableRun } from './table-run.js';
import { steps } from './table-steps.js';

export interface TableSubject {
  readonly table: Table;
  close?(): Awaitable<void>;
}

export interface TableTraits {
  /** Why `sweep` removes nothing: what removes expired rows in its place. */
  readonly removedBy?: string;
  /** How many lists of steps are compared with the plain model: fewer where each step is a request. */
  readonly runs?: number;
}

/** The laws of the Table port. `create` makes an empty table whose rows expire by this clock. */
export const tableContract = (
  name: string,
  create: (clock: Clock) => Awaitable<TableSubject>,
  { removedBy, runs = 60 }: TableTraits = {},
): void => {
  describe(`Table, ${name}`, () => {
    let clock: ManualClock;
    let subject: TableSubject;
    let table: Table;
    beforeEach(async () => {
      clock = manualClock();
      subject = await create(clock);
      table = subject.table;
    });
    afterEach(() => subject.close?.());

    const inSeconds = (n: number): number => toSeconds(clock.now()) + n;
    const bodies = async (pk: string): Promise<JsonObject[]> =>
      (await table.query(pk, { limit: 1000 })).map(({ body }) => body);

    test('does what the plain model does', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          run += 1;
          const both = new TableRun(table, clock, `${run}/`);
          for (const step of list) await both.apply(step);
          await both.compareAll();
          await both.flush();
          await both.compareAll();
        }),
        { numRuns: runs },
      );
    });

    test('finds in a partition that only append filled what is there, told so or not', async () => {
      const list = { limit: 10, appended: true };
      expect(await table.query('none', list)).toEqual([]);
      for (const n of [1, 2, 3]) await table.append('some', { n });
      expect(await table.query('some', list)).toEqual(await table.query('some', { limit: 10 }));
      expect(await table.query('some', { ...list, after: place(2) })).toMatchObject([{ body: { n: 3 } }]);
      expect(await table.query('some', { ...list, after: place(3) })).toEqual([]);
      await table.delete('some', place(3));
      expect(await table.query('some', list)).toMatchObject([{ body: { n: 1 } }, { body: { n: 2 } }]);
    });

    test('gives bodies back exactly', async () => {
      await fc.assert(
        fc.asyncProperty(anyObject, async (body) => {
          await table.put('exact', 'row', body);
          expect(JSON.stringify((await table.get('exact', 'row'))?.body)).toBe(JSON.stringify(body));
        }),
      );
    });

    test('keeps a body as it was when it was put', async () => {
      const body: JsonObject = { list: [1] };
      const put = table.put('p', 's', body);
      body['list'] = [];
      await put;
      const row = await table.get('p', 's');
      expect(row?.body).toEqual({ list: [1] });
      (row as { body: JsonObject }).body['list'] = 'changed';
      expect((await table.get('p', 's'))?.body).toEqual({ list: [1] });
    });

    test('is empty where nothing is', async () => {
      expect(await table.get('p', 's')).toBeUndefined();
      expect(await table.query('p', { limit: 10 })).toEqual([]);
      expect(await table.head('p')).toBe(0);
      await (await table.delete('p', 's')).flushed;
      await (await table.putMany([])).flushed;
      expect(await table.sweep(10)).toBe(false);
      await table.check();
    });

    test('lets one of many win ifAbsent, and one of many win ifVersion', async () => {
      const contest = (options: object) =>
        Promise.all(Array.from({ length: 20 }, (_, by) => table.put('p', 's', { by }, options)));
      const first = (await contest({ ifAbsent: true })).filter(({ stored }) => stored);
      expect(first).toHaveLength(1);
      const version = (await table.get('p', 's'))?.version as number;
      expect(first).toMatchObject([{ version }]);
      const second = (await contest({ ifVersion: version })).filter(({ stored }) => stored);
      expect(second).toHaveLength(1);
    });

    test('does not take a version for another life of the row', async () => {
      const put = await table.put('p', 's', { life: 1 });
      const version = put.stored ? put.version : 0;
      await table.delete('p', 's');
      expect(await table.put('p', 's', {}, { ifVersion: version })).toEqual({ stored: false });
      await table.put('p', 's', { life: 2 });
      expect(await table.put('p', 's', {}, { ifVersion: version })).toEqual({ stored: false });
    });

    test('appends densely from 1, whoever appends at the same time', async () => {
      const appended = await Promise.all(Array.from({ length: 50 }, (_, n) => table.append('p', { n })));
      const seqs = appended.map((answer) => (answer.stored ? answer.seq : 0));
      expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      await Promise.all(appended.map((answer) => (answer.stored ? answer.flushed : undefined)));
      const rows = await table.query('p', { limit: 100 });
      expect(rows.map(({ sk }) => sk)).toEqual(seqs.toSorted((a, b) => a - b).map(place));
      for (const [n, seq] of seqs.entries()) expect((await table.get('p', place(seq)))?.body).toEqual({ n });
      expect(await table.head('p')).toBe(50);
    });

    test('lets one of many append at a place', async () => {
      const appended = await Promise.all(Array.from({ length: 10 }, (_, n) => table.append('p', { n }, { at: 1 })));
      expect(appended.filter(({ stored }) => stored)).toMatchObject([{ seq: 1 }]);
      expect(await table.append('p', {}, { at: 1 })).toEqual({ stored: false });
      expect(await table.append('p', {}, { at: 3 })).toEqual({ stored: false });
      expect(await table.append('p', {}, { at: 2 })).toMatchObject({ stored: true, seq: 2 });
    });

    test('never gives a number twice, also after deletes and expiry', async () => {
      await table.append('p', { n: 1 }, { expiresAt: inSeconds(1) });
      await table.append('p', { n: 2 });
      await table.delete('p', place(2));
      clock.advance(2_000);
      await table.sweep(10);
      expect(await table.query('p', { limit: 10 })).toEqual([]);
      expect(await table.head('p')).toBe(2);
      expect(await table.append('p', { n: 3 })).toMatchObject({ seq: 3 });
    });

    test('hides a row from the second in which it expires', async () => {
      await table.put('p', 's', { life: 1 }, { expiresAt: inSeconds(10) });
      await table.put('p', 't', { life: 1 });
      clock.advance(9_999);
      expect(await table.get('p', 's')).toMatchObject({ body: { life: 1 }, expiresAt: inSeconds(1) });
      expect(await table.put('p', 's', {}, { ifAbsent: true })).toEqual({ stored: false });
      clock.advance(1);
      expect(await table.get('p', 's')).toBeUndefined();
      expect(await table.query('p', { limit: 1 })).toMatchObject([{ sk: 't' }]);
      expect(await table.put('p', 's', { life: 2 }, { ifAbsent: true })).toMatchObject({ stored: true });
      expect(await table.get('p', 's')).not.toHaveProperty('expiresAt');
    });

    test('fills a page of a query past expired rows', async () => {
      for (let n = 1; n <= 300; n++) await table.append('p', { n }, n % 100 === 0 ? {} : { expiresAt: inSeconds(0) });
      expect(await bodies('p')).toEqual([{ n: 100 }, { n: 200 }, { n: 300 }]);
      const page = await table.query('p', { after: place(100), limit: 1 });
      expect(page).toMatchObject([{ body: { n: 200 } }]);
      expect(await table.query('p', { after: '', limit: 1 })).toMatchObject([{ body: { n: 100 } }]);
      const back = await table.query('p', { before: place(300), limit: 2, reverse: true });
      expect(back).toMatchObject([{ body: { n: 200 } }, { body: { n: 100 } }]);
    });

    const leaves = async (): Promise<void> => {
      for (let n = 1; n <= 25; n++) await table.append('p', { n }, { expiresAt: inSeconds(5) });
      await table.put('p', 'kept', {});
      clock.advance(5_000);
      expect(await table.sweep(10)).toBe(false);
      expect((await table.query('p', { limit: 100 })).map(({ sk }) => sk)).toEqual(['kept']);
    };

    const sweeps = async (): Promise<void> => {
      for (let n = 1; n <= 25; n++) await table.append('p', { n }, { expiresAt: inSeconds(5) });
      await table.put('p', 'renewed', {}, { expiresAt: inSeconds(5) });
      await table.put('p', 'renewed', {}, { expiresAt: inSeconds(60) });
      await table.put('p', 'kept', {}, { expiresAt: inSeconds(5) });
      await table.put('p', 'kept', {});
      expect(await table.sweep(100)).toBe(false);
      clock.advance(5_000);
      let calls = 1;
      while (await table.sweep(10)) calls += 1;
      expect(calls).toBeGreaterThanOrEqual(3);
      expect(calls).toBeLessThanOrEqual(4);
      // What was swept is gone also for a clock that goes back.
      clock.advance(-5_000);
      expect((await table.query('p', { limit: 100 })).map(({ sk }) => sk)).toEqual(['kept', 'renewed']);
    };

    if (removedBy === undefined) test('sweeps expired rows in steps, and no other', sweeps);
    else test(`leaves expired rows, unseen, to ${removedBy}`, leaves);

    test('tells by a putMany of nothing when all before it is flushed', async () => {
      let flushed = false;
      const put = await table.put('p', 's', {});
      const done = put.stored ? put.flushed.then(() => (flushed = true)) : undefined;
      await (await table.putMany([])).flushed;
      await Promise.resolve();
      expect(flushed).toBe(true);
      await done;
    });

    test('puts many rows, the last of one key wins', async () => {
      await table.put('p', 's', { old: true });
      const { flushed } = await table.putMany([
        { pk: 'p', sk: 's', body: { n: 1 } },
        { pk: 'q', sk: 's', body: { n: 2 }, expiresAt: inSeconds(1) },
        { pk: 'p', sk: 's', body: { n: 3 } },
      ]);
      await flushed;
      expect(await bodies('p')).toEqual([{ n: 3 }]);
      expect(await bodies('q')).toEqual([{ n: 2 }]);
      clock.advance(1_000);
      expect(await bodies('q')).toEqual([]);
    });

    test('orders sort keys by their bytes', async () => {
      const keys = ['A', 'a', 'a!', 'a\u0001', 'ab', 'z', 'é', 'ÿ', '€', '\uffee', '😀'];
      for (const sk of keys.toReversed()) await table.put('p', sk, {});
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect((await table.query('p', { limit: 100 })).map(({ sk }) => sk)).toEqual(sorted);
    });

    test('keeps partitions apart, also where one name begins another or holds a separator', async () => {
      const names = ['p', 'p\u0000', 'p\u0001', 'pp', 'p/', 'p#', 'P', '\uffff'];
      for (const pk of names) {
        await table.put(pk, 's', { pk });
        await table.append(pk, { pk });
      }
      for (const pk of names) expect(await bodies(pk)).toEqual([{ pk }, { pk }]);
      expect(await table.query('p', { after: place(1), limit: 10, reverse: true })).toMatchObject([{ sk: 's' }]);
    });

    test('takes partition keys up to 1,200 bytes of UTF-8, sort keys up to 600, and refuses others by name', async () => {
      const pks = [`${'k'.repeat(1199)}1`, `${'k'.repeat(1199)}2`, '😀'.repeat(300), 'é'.repeat(600)];
      const sks = [`${'k'.repeat(599)}1`, `${'k'.repeat(599)}2`, '😀'.repeat(150), 'é'.repeat(300)];
      for (const pk of pks) {
        for (const sk of sks) await table.put(pk, sk, { pk, sk });
        await table.append(pk, { pk });
      }
      for (const pk of pks) {
        for (const sk of sks) expect((await table.get(pk, sk))?.body).toEqual({ pk, sk });
        expect(await bodies(pk)).toHaveLength(5);
      }
      for (const bad of ['', 'a\ud800', '€'.repeat(401), 'k'.repeat(1201)]) {
        await expect(later(() => table.put(bad, 's', {}))).rejects.toThrow(/\bpk must\b/);
        await expect(later(() => table.append(bad, {}))).rejects.toThrow(/\bpk must\b/);
        await expect(later(() => table.head(bad))).rejects.toThrow(/\bpk must\b/);
        await expect(later(() => table.query(bad, { limit: 1 }))).rejects.toThrow(/\bpk must\b/);
      }
      for (const bad of ['', 'a\ud800', '€'.repeat(201), 'k'.repeat(601)]) {
        await expect(later(() => table.put('p', bad, {}))).rejects.toThrow(/\bsk must\b/);
        await expect(later(() => table.get('p', bad))).rejects.toThrow(/\bsk must\b/);
        await expect(later(() => table.delete('p', bad))).rejects.toThrow(/\bsk must\b/);
        if (bad !== '') {
          await expect(later(() => table.query('p', { after: bad, limit: 1 }))).rejects.toThrow(/\bsk must\b/);
        }
        const many = [
          { pk: 'p', sk: 'good', body: {} },
          { pk: 'p', sk: bad, body: {} },
        ];
        await expect(later(() => table.putMany(many))).rejects.toThrow(/\bsk must\b/);
      }
      expect(await bodies('p')).toEqual([]);
    });

    test('shows a write to every read that begins after it', async () => {
      for (let n = 0; n < 50; n++) {
        await table.put('p', 's', { n });
        expect((await table.get('p', 's'))?.body).toEqual({ n });
        await table.append('log', { n });
        expect(await table.head('log')).toBe(n + 1);
        expect(await table.query('log', { limit: 1, reverse: true })).toMatchObject([{ body: { n } }]);
      }
    });
  });
};
