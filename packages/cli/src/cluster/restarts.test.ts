import { expect, it } from 'vitest';
import { Restarts } from './restarts.js';

it('waits longer each time a node ends soon after its start, up to a bound, and begins anew after a sound life', () => {
  const restarts = new Restarts();
  expect([0, 9_999, 100].map((ms) => restarts.next(ms))).toEqual([500, 1_000, 2_000]);
  expect(Array.from({ length: 20 }, () => restarts.next(0)).at(-1)).toBe(30_000);
  expect(restarts.next(10_000)).toBe(500);
  expect(restarts.next(10_000)).toBe(500);
});
