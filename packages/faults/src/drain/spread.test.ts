import { expect, it } from 'vitest';
import { busiest, histogram } from './spread.js';

it('finds the busiest stretch', () => {
  expect(busiest([0, 50, 90, 200, 220, 240, 260, 500], 100)).toBe(4);
  expect(histogram([10, 20, 130, 350], 100)).toEqual([2, 1, 0, 1]);
});
