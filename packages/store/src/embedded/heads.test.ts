import { expect, test } from 'vitest';
import { Heads } from './heads.js';
import type { Batch, Db } from './writer.js';

/** A database that shows what a batch put when that batch is durable, and how often it was asked. */
const fakeDb = () => {
  const stored = new Map<string, string>();
  let reads = 0;
  const db = {
    get: (key: Buffer) => {
      reads += 1;
      return stored.get(key.toString('latin1'));
    },
  } as Pick<Db, 'get'> as Db;
  const batch = () => {
    const puts: [string, string][] = [];
    const calls: (() => void)[] = [];
    return {
      flushed: Promise.resolve(),
      put: (_: Db, key: Buffer, value: string) => void puts.push([key.toString('latin1'), value]),
      remove: () => undefined,
      onDurable: (call: () => void) => void calls.push(call),
      settle: () => {
        for (const [key, value] of puts) stored.set(key, value);
        for (const call of calls) call();
      },
    } satisfies Batch & { settle(): void };
  };
  return { db, batch, reads: () => reads };
};

test('a head that was given lately is read from memory', () => {
  const { db, batch, reads } = fakeDb();
  const heads = new Heads(db);
  const first = batch();
  heads.set(first, 'chat', 7);
  first.settle();
  expect(heads.get('chat')).toBe(7);
  expect(reads()).toBe(0);
});

test('no head is lost before the database has it, however many there are', () => {
  const { db, batch, reads } = fakeDb();
  const heads = new Heads(db);
  const many = 25_000;
  let writing = batch();
  for (let i = 1; i <= many; i += 1) {
    heads.set(writing, `chat ${i}`, i);
    if (i % 900 !== 0) continue;
    // The next batch collects while this one is written.
    const written = writing;
    writing = batch();
    heads.set(writing, `late ${i}`, i);
    written.settle();
    expect(heads.get(`late ${i}`)).toBe(i);
  }
  for (let i = 1; i <= many; i += 1) expect(heads.get(`chat ${i}`)).toBe(i);
  // The earliest are not kept for ever.
  expect(reads()).toBeGreaterThan(0);
});

test('what could not be written is forgotten', () => {
  const { db, batch } = fakeDb();
  const heads = new Heads(db);
  const first = batch();
  heads.set(first, 'chat', 1);
  first.settle();
  heads.set(batch(), 'chat', 2);
  heads.reset();
  expect(heads.get('chat')).toBe(1);
});
