import type { ConnectionRecord } from '@aideals/core';
import { memoryDirectory } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { Places } from './places.js';

const record = (connectionId: string): ConnectionRecord => ({
  connectionId,
  userId: 'alice',
  connectedAt: 0,
  tokenExp: 0,
  firstSignIn: 0,
  scopes: [],
  ip: '127.0.0.1',
});

const worker = (most = 10) => {
  const local = memoryDirectory();
  const told: number[] = [];
  const places = new Places({
    held: () => local.count(),
    ask: async (taken) => taken,
    tell: (taken) => told.push(taken),
    most,
  });
  return { places, told, directory: places.over(local as never) };
};

describe('places that several processes share', () => {
  it('are taken from the question on, also by those who are not in yet', async () => {
    const { directory } = worker();
    expect(await Promise.all([directory.count(), directory.count(), directory.count()])).toEqual([0, 1, 2]);
    await directory.open(record('a'), 'mark');
    expect(await directory.count()).toBe(3);
  });

  it('are free again when a connection closes, and that is told at once', async () => {
    const { directory, told } = worker();
    await directory.count();
    await directory.open(record('a'), 'mark');
    await directory.close('a');
    expect(told).toEqual([0]);
    expect(await directory.count()).toBe(0);
  });

  it('are not taken by who is refused, and given up by who asked and did not come', async () => {
    const { directory, places, told } = worker(2);
    expect([await directory.count(), await directory.count()]).toEqual([0, 1]);
    for (let i = 0; i < 5; i += 1) expect(await directory.count()).toBe(2);
    places.age();
    expect(told).toEqual([2]);
    places.age();
    expect(told).toEqual([2, 0]);
  });
});
