import { expect, test } from 'vitest';
import { directoryContract } from '../contract/directory.contract.js';
import { memoryDirectory } from './directory.js';

directoryContract('in memory', () => ({ directory: memoryDirectory() }));

const record = (connectionId: string) => ({
  connectionId,
  userId: 'u',
  connectedAt: 0,
  tokenExp: 0,
  firstSignIn: 0,
  scopes: [],
  ip: '127.0.0.1',
});

test('one decision stands for all who asked for the same', () => {
  const directory = memoryDirectory();
  for (let n = 0; n < 1_000; n++) {
    directory.open(record(`c${n}`), 'm');
    const filters = n % 2 === 0 ? { brand: 'a', minDiscount: n % 10 } : { minDiscount: n % 10, brand: 'a' };
    directory.subscribe(`c${n}`, { subscriptionId: `s${n}`, topic: 't', filters }, 9);
  }
  expect([...directory.candidates('t', { brand: 'b', discount: 9 })]).toEqual([]);
  const candidates = [...directory.candidates('t', { brand: 'a', discount: 9 })];
  expect(candidates).toHaveLength(10);
  for (const { connectionIds } of candidates) {
    expect([...connectionIds]).toHaveLength(100);
    // A sender may go through them more than once.
    expect([...connectionIds]).toHaveLength(100);
  }
});

test('many filters on one topic are found as few are, and what was found can be read while they go', () => {
  const directory = memoryDirectory();
  for (let n = 0; n < 100; n++) {
    directory.open(record(`c${n}`), 'm');
    directory.subscribe(`c${n}`, { subscriptionId: 's', topic: 't', filters: { minPrice: n } }, 9);
    const found = [...directory.candidates('t', { price: 5 })].flatMap(({ connectionIds }) => [...connectionIds]);
    expect(found.sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5'].slice(0, n + 1));
  }
  const found = [...directory.candidates('t', { price: 2 })];
  expect(found.every(({ matcher }) => matcher({}))).toBe(true);
  for (let n = 0; n < 100; n++) directory.close(`c${n}`);
  expect(found.flatMap(({ connectionIds }) => [...connectionIds])).toEqual([]);
  expect(directory.sizes()).toEqual({ topics: 0, groups: 0 });
});

test('nothing is left of who has gone', () => {
  const directory = memoryDirectory();
  for (let n = 0; n < 50; n++) {
    directory.open(record(`c${n}`), 'm');
    directory.subscribe(`c${n}`, { subscriptionId: 'a', topic: `t${n}`, filters: { n } }, 9);
    directory.subscribe(`c${n}`, { subscriptionId: 'b', topic: 't', filters: { n } }, 9);
  }
  expect(directory.sizes()).toEqual({ topics: 51, groups: 100 });
  for (let n = 0; n < 50; n++) directory.unsubscribe(`c${n}`, 'a');
  expect(directory.sizes()).toEqual({ topics: 1, groups: 50 });
  for (let n = 0; n < 50; n++) directory.close(`c${n}`);
  expect(directory.sizes()).toEqual({ topics: 0, groups: 0 });
  expect(directory.count()).toBe(0);
});

test('a connection that is opened again under its id begins anew', () => {
  const directory = memoryDirectory();
  directory.open(record('c'), 'm1');
  directory.subscribe('c', { subscriptionId: 's', topic: 't', filters: {} }, 9);
  directory.open({ ...record('c'), userId: 'v' }, 'm2');
  expect(directory.ofUser('u')).toEqual([]);
  expect(directory.subscriptions('c')).toEqual([]);
  expect(directory.sizes()).toEqual({ topics: 0, groups: 0 });
  expect(directory.markOf('c')).toBe('m2');
});
