import { beforeEach, describe, expect, test } from 'vitest';
import { type Db, type Env, Writer } from './writer.js';

/** A database whose commits the test ends by hand. */
const manualEnv = () => {
  const commits: { writes: string[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  let begun: () => void = () => undefined;
  let writes: string[] = [];
  const db = {
    put: (key: Buffer) => writes.push(`+${key}`),
    remove: (key: Buffer) => writes.push(`-${key}`),
  };
  const env = {
    flushed: Promise.resolve(true),
    resetReadTxn: () => undefined,
    batch: (write: () => void) => {
      writes = [];
      write();
      return new Promise<boolean>((resolve, reject) => {
        commits.push({ writes, succeed: () => resolve(true), fail: reject });
        begun();
      });
    },
  };
  const count = (n: number): Promise<void> =>
    new Promise((resolve) => {
      begun = () => commits.length >= n && resolve();
      begun();
    });
  return { db: db as unknown as Db, env: env as unknown as Env, commits, count };
};

describe('the writer', () => {
  let manual: ReturnType<typeof manualEnv>;
  let writer: Writer;
  beforeEach(() => {
    manual = manualEnv();
    writer = new Writer(manual.env, 'the store');
  });
  const put = (name: string): Promise<void> => {
    const batch = writer.batch();
    batch.put(manual.db, Buffer.from(name), '');
    return batch.flushed;
  };

  test('flushes together what is written in a turn, then what came meanwhile, in order', async () => {
    const first = [put('a'), put('b')];
    await manual.count(1);
    const second = put('c');
    writer.batch().remove(manual.db, Buffer.from('a'));
    expect(manual.commits.map(({ writes }) => writes)).toEqual([['+a', '+b']]);
    manual.commits[0]?.succeed();
    await Promise.all(first);
    await manual.count(2);
    expect(manual.commits[1]?.writes).toEqual(['+c', '-a']);
    manual.commits[1]?.succeed();
    await second;
    expect(writer.stats()).toEqual({ flushes: 2, writes: 4, waitingBytes: 0 });
    await writer.flushed;
  });

  test('begins a flush a round of the event loop after the last, so that what its answers bring joins', async () => {
    const first = put('a');
    await manual.count(1);
    const waiting = [put('b')];
    manual.commits[0]?.succeed();
    await first;
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        waiting.push(put('c'));
        resolve();
      });
    });
    await manual.count(2);
    expect(manual.commits[1]?.writes).toEqual(['+b', '+c']);
    manual.commits[1]?.succeed();
    await Promise.all(waiting);
  });

  test('tells when all before is flushed', async () => {
    await writer.flushed;
    const a = put('a');
    expect(writer.flushed).toBe(a);
    await manual.count(1);
    expect(writer.flushed).toBe(a);
    const b = put('b');
    expect(writer.flushed).toBe(b);
    manual.commits[0]?.succeed();
    await manual.count(2);
    manual.commits[1]?.succeed();
    await b;
  });

  test('tells of durable batches before those who wait', async () => {
    const seen: string[] = [];
    const batch = writer.batch();
    batch.onDurable(() => seen.push('durable'));
    const flushed = put('a').then(() => seen.push('flushed'));
    await manual.count(1);
    manual.commits[0]?.succeed();
    await flushed;
    expect(seen).toEqual(['durable', 'flushed']);
  });

  test('fails with a commit all that was written after it, resets, and goes on', async () => {
    const seen: string[] = [];
    writer.onFailure(() => seen.push('reset'));
    const tell = (promise: Promise<void>) => promise.catch((error: Error) => seen.push(error.message));
    const a = tell(put('a'));
    await manual.count(1);
    const b = tell(put('b'));
    writer.batch().onDurable(() => seen.push('never'));
    const cause = Promise.reject(new Error('No space left on device: Attempting to write page at position 1'));
    manual.commits[0]?.fail(Object.assign(new Error('Commit failed'), { commitError: cause }));
    await Promise.all([a, b]);
    const message = 'the store could not be written: No space left on device';
    expect(seen).toEqual(['reset', message, message]);
    expect(writer.stats()).toEqual({ flushes: 0, writes: 0, waitingBytes: 0 });
    const c = put('c');
    await manual.count(2);
    expect(manual.commits[1]?.writes).toEqual(['+c']);
    manual.commits[1]?.succeed();
    await c;
  });

  test('does not end the process when nobody waits for a commit that fails', async () => {
    void put('a');
    await manual.count(1);
    const reset = new Promise<void>((resolve) => writer.onFailure(resolve));
    manual.commits[0]?.fail(new Error('broken'));
    await reset;
  });

  test('refuses writes when too much waits', async () => {
    const batch = writer.batch();
    const value = '.'.repeat(1024 * 1024);
    for (let n = 0; n < 257; n++) batch.put(manual.db, Buffer.from('k'), value);
    expect(() => writer.batch()).toThrow('the store does not keep up: too much waits to be written');
    await manual.count(1);
    expect(() => writer.batch()).toThrow(/does not keep up/);
    manual.commits[0]?.succeed();
    await batch.flushed;
    writer.batch();
  });

  test('closes when all is flushed, and refuses writes from then on', async () => {
    const a = put('a');
    const closed = writer.close();
    expect(() => writer.batch()).toThrow('the store is closed');
    await manual.count(1);
    manual.commits[0]?.succeed();
    await Promise.all([a, closed]);
    await new Writer(manual.env, 'unused').close();
  });

  test('writes nothing for a batch in which nothing was put', async () => {
    await writer.batch().flushed;
    expect(manual.commits).toEqual([]);
    expect(writer.stats().flushes).toBe(0);
  });
});
