import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { DataFolderError } from './folder.js';
import { type EmbeddedStore, openEmbedded } from './open.js';

const HOUR = 3_600_000;

describe('the embedded store', () => {
  let folder: TemporaryFolder;
  let now: number;
  let names: number;
  let opened: EmbeddedStore[];
  beforeEach(() => {
    folder = temporaryFolder();
    now = Date.UTC(2026, 0, 1);
    names = 0;
    opened = [];
  });
  afterEach(async () => {
    for (const store of opened) await store.close();
    folder.remove();
  });

  const segment = (): string => {
    names += 1;
    return `s${names}`;
  };
  const open = async (dataDir = folder.path): Promise<EmbeddedStore> => {
    const store = await openEmbedded({ dataDir, clock: { now: () => now }, segment });
    opened.push(store);
    return store;
  };
  const refusal = async (dataDir = folder.path): Promise<string> => {
    const error: unknown = await open(dataDir).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataFolderError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  };
  const event = (n: number) => ({ type: 'dealUpdate', topic: 't', data: { n }, at: now });

  test('keeps everything when it is opened again', async () => {
    const first = await open();
    for (let n = 1; n <= 5; n++) await first.table.append('p', { n });
    const put = await first.table.put('p', 'row', { a: 1 }, { expiresAt: now / 1000 + 100 });
    await first.table.delete('p', 'gone');
    await first.table.delete('p', '0000000000000005');
    const { ids } = await first.streams.append([event(1), event(2)], { key: 'k', digest: 'd' });
    await first.close();

    const second = await open();
    expect(await second.table.head('p')).toBe(5);
    expect(await second.table.query('p', { limit: 10 })).toHaveLength(5);
    expect(await second.table.get('p', 'row')).toMatchObject({ body: { a: 1 }, expiresAt: now / 1000 + 100 });
    expect(await second.table.put('p', 'row', {}, { ifVersion: put.stored ? put.version : 0 })).toMatchObject({
      stored: true,
    });
    expect(await second.table.append('p', {})).toMatchObject({ seq: 6 });
    expect(await second.streams.append([event(1), event(2)], { key: 'k', digest: 'd' })).toMatchObject({
      ids,
      replayed: true,
    });
    expect(await second.streams.locate(ids[1] as string)).toEqual({ after: 2 });
    now += 100_000;
    expect(await second.table.sweep(10)).toBe(false);
    now -= 100_000;
    expect(await second.table.get('p', 'row')).toBeDefined();
  });

  test('never gives a version twice, also when it is opened again', async () => {
    const first = await open();
    const one = await first.table.put('p', 's', {});
    await first.table.delete('p', 's');
    await first.close();
    const second = await open();
    const two = await second.table.put('p', 's', {});
    expect(two.stored && one.stored && two.version > one.version).toBe(true);
  });

  test('lets parallel writers share a flush', async () => {
    const { table, streams, stats } = await open();
    const before = stats().flushes;
    const writes = await Promise.all(Array.from({ length: 500 }, (_, n) => table.append(`p${n % 7}`, { n })));
    const logged = await Promise.all(Array.from({ length: 500 }, (_, n) => streams.append([event(n)])));
    await Promise.all([
      ...writes.map((write) => write.stored && write.flushed),
      ...logged.map(({ flushed }) => flushed),
    ]);
    expect(stats().flushes - before).toBe(1);
    expect(stats().writes).toBeGreaterThan(2_000);
  });

  test('confirms a repeated append no earlier than the first', async () => {
    const { streams, stats } = await open();
    const before = stats().flushes;
    const order: string[] = [];
    const append = async (name: string): Promise<void> => {
      const { flushed } = await streams.append([event(1)], { key: 'k', digest: 'd' });
      await flushed;
      order.push(name);
    };
    await Promise.all([append('first'), append('again')]);
    expect(order).toEqual(['first', 'again']);
    expect(stats().flushes).toBeGreaterThan(before);
  });

  test('closes once all is flushed, and refuses writes from then on', async () => {
    const store = await open();
    const put = await store.table.put('p', 's', { n: 1 });
    const closing = store.close();
    expect(() => store.table.put('p', 's', {})).toThrow(/is closed/);
    await closing;
    await store.close();
    await (put.stored ? put.flushed : undefined);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.sock'))).toEqual([]);
    const again = await open();
    expect((await again.table.get('p', 's'))?.body).toEqual({ n: 1 });
  });

  test('tells ids past the end of a restored copy as epoch', async () => {
    const first = await open();
    const { ids: early } = await first.streams.append([event(1), event(2)]);
    await first.close();
    const copy = `${folder.path}.copy`;
    cpSync(folder.path, copy, { recursive: true });
    const second = await open();
    const { ids: late } = await second.streams.append([event(3), event(4)]);
    await second.close();
    rmSync(folder.path, { recursive: true });
    cpSync(copy, folder.path, { recursive: true });

    const restored = await open();
    const { ids: new3 } = await restored.streams.append([event(30)]);
    expect(new3[0]).not.toBe(late[0]);
    for (const [i, id] of early.entries()) expect(await restored.streams.locate(id)).toEqual({ after: i + 1 });
    for (const id of late) {
      expect(await restored.streams.locate(id)).toEqual({ after: 0, lost: { reason: 'epoch', oldest: early[0] } });
    }
  });

  test('keeps a bounded list of segments over many starts', async () => {
    for (let n = 0; n < 30; n++) {
      const store = await open();
      if (n % 10 === 0) await store.streams.append([event(n)]);
      await store.close();
    }
    const env = openLmdb<string, Buffer>({
      path: folder.path,
      noSubdir: false,
      encoding: 'string',
      keyEncoding: 'binary',
    });
    const meta = env.openDB<string, Buffer>({ name: 'meta', encoding: 'string', keyEncoding: 'binary' });
    expect(JSON.parse(meta.get(Buffer.from('segments')) ?? '[]')).toHaveLength(4);
    await env.close();
  });

  test('forgets idempotency keys on the disk too', async () => {
    const { streams, close } = await open();
    for (let n = 0; n < 100; n++) await streams.append([], { key: `old${n}`, digest: 'd' });
    await streams.append([], { key: 'again', digest: 'd' });
    now += 25 * HOUR;
    await streams.append([], { key: 'again', digest: 'd' });
    for (let n = 0; n < 50; n++) await (await streams.append([], { key: `new${n}`, digest: 'd' })).flushed;
    expect(await streams.append([], { key: 'again', digest: 'd' })).toMatchObject({ replayed: true });
    await close();
    const env = openLmdb<string, Buffer>({
      path: folder.path,
      noSubdir: false,
      encoding: 'string',
      keyEncoding: 'binary',
    });
    const log = env.openDB<string, Buffer>({ name: 'log', encoding: 'string', keyEncoding: 'binary' });
    // 50 new ones and the one that was used again; each with its entry in the order of forgetting.
    expect(log.getKeysCount({ start: Buffer.of(0), end: Buffer.of(255) })).toBe(2 * 51);
    await env.close();
  });

  test('leaves nothing of what was trimmed, swept or deleted', async () => {
    const { table, streams, close } = await open();
    for (let n = 0; n < 50; n++) {
      await streams.append([event(n)]);
      await table.append(`p${n}`, {}, { expiresAt: now / 1000 + n });
      await table.put('q', `s${n}`, {}, { expiresAt: now / 1000 + n });
      await table.put('q', `s${n}`, {}, { expiresAt: now / 1000 + 2 * n });
      if (n % 2 === 0) await table.delete('q', `s${n}`);
    }
    now += 200_000;
    while (await streams.trim({ before: now, keep: 10, limit: 7 }));
    while (await table.sweep(7));
    await close();
    const env = openLmdb<string, Buffer>({
      path: folder.path,
      noSubdir: false,
      encoding: 'string',
      keyEncoding: 'binary',
    });
    const count = (name: string): number =>
      env
        .openDB<string, Buffer>({ name, encoding: 'string', keyEncoding: 'binary' })
        .getKeysCount({ start: Buffer.of(0), end: Buffer.of(255) });
    expect(count('log')).toBe(0);
    // Heads never expire.
    expect(count('rows')).toBe(50);
    await env.close();
  });

  describe('and its folder', () => {
    test('is made where there is none, and marked with its format', async () => {
      const deep = join(folder.path, 'a', 'b.c');
      await open(deep);
      expect(readFileSync(join(deep, 'FORMAT'), 'utf8')).toBe('aideals-store 1\n');
      expect(existsSync(join(deep, 'data.mdb'))).toBe(true);
    });

    test('may hold other files', async () => {
      mkdirSync(folder.path, { recursive: true });
      writeFileSync(join(folder.path, 'secret'), 'x');
      await open();
      expect(readFileSync(join(folder.path, 'secret'), 'utf8')).toBe('x');
    });

    test('is refused when its format is newer', async () => {
      await (await open()).close();
      writeFileSync(join(folder.path, 'FORMAT'), 'aideals-store 2\n');
      expect(await refusal()).toBe(
        `the data folder ${folder.path} has format 2, and this version reads formats up to 1: start the newer version that wrote it, or choose another folder with AIDEALS_DATA_DIR`,
      );
    });

    test('is refused when its format cannot be told', async () => {
      await (await open()).close();
      for (const text of ['', 'something else', 'aideals-store 0', 'aideals-store x']) {
        writeFileSync(join(folder.path, 'FORMAT'), text);
        expect(await refusal()).toMatch(/has a FORMAT file that is not one of this store: move the folder away/);
      }
      rmSync(join(folder.path, 'FORMAT'));
      expect(await refusal()).toMatch(/holds data without a FORMAT file: restore it/);
    });

    test('is refused when its data is damaged', async () => {
      await (await open()).close();
      const file = join(folder.path, 'data.mdb');
      const good = readFileSync(file);
      for (const bad of [
        Buffer.alloc(65_536, 7),
        Buffer.from('text'),
        good.subarray(0, 4_096),
        good.subarray(0, 12_288),
      ]) {
        writeFileSync(file, bad);
        expect(await refusal()).toMatch(/is damaged \(data.mdb .+\): restore it from a backup/);
      }
      writeFileSync(file, good);
      await open();
    });

    test('is refused when it is a file, or lies under one', async () => {
      mkdirSync(dirname(folder.path), { recursive: true });
      writeFileSync(folder.path, '');
      expect(await refusal()).toMatch(/ is a file: move the file away/);
      expect(await refusal(join(folder.path, 'under'))).toMatch(/ is a file, or lies under one: move the file away/);
    });

    test('is refused when it may not be written', async () => {
      mkdirSync(folder.path, { recursive: true });
      chmodSync(folder.path, 0o555);
      // The right to write everywhere must be put off for this.
      const root = process.geteuid?.() === 0;
      if (root) process.seteuid?.(65_534);
      try {
        expect(await refusal()).toMatch(/ may not be written by this user: give the user the right/);
        expect(await refusal(join(folder.path, 'new'))).toMatch(/ may not be written by this user: give the user/);
      } finally {
        if (root) process.seteuid?.(0);
      }
    });

    test('is opened by one of many who want it at once, and is free when that one closes', async () => {
      const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => open()));
      const refused = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [String(attempt.reason)] : []));
      expect(refused).toHaveLength(5);
      for (const reason of refused) {
        expect(reason).toContain(`the data folder ${folder.path} is in use by another process: stop that one`);
      }
      const [store] = opened as [EmbeddedStore];
      await store.table.put('p', 's', { n: 1 });
      expect(await refusal()).toMatch(/in use/);
      await store.close();
      expect((await (await open()).table.get('p', 's'))?.body).toEqual({ n: 1 });
    });

    test('is kept by one also where its path is too long for a socket', async () => {
      const long = join(folder.path, 'x'.repeat(120));
      const store = await open(long);
      expect(await refusal(long)).toMatch(/in use/);
      await store.close();
      expect(readdirSync(long).filter((name) => name.endsWith('.sock'))).toEqual([]);
      await open(long);
    });
  });
});
