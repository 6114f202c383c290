import { expect, test } from 'vitest';
import { Backlog } from './backlog.js';

test('a backlog keeps its numbers however much is trimmed', () => {
  const backlog = new Backlog<number>();
  expect([backlog.begin, backlog.end, backlog.size]).toEqual([1, 0, 0]);
  let begin = 1;
  for (let n = 1; n <= 10_000; n++) {
    backlog.push(n);
    if (n % 3 === 0) continue;
    backlog.shift();
    begin += 1;
    expect(backlog.begin).toBe(begin);
  }
  expect([backlog.end, backlog.size]).toEqual([10_000, 10_000 - begin + 1]);
  expect(backlog.get(begin - 1)).toBeUndefined();
  expect(backlog.get(0)).toBeUndefined();
  for (let n = begin; n <= 10_000; n += 97) expect(backlog.get(n)).toBe(n);
  expect(backlog.get(10_001)).toBeUndefined();
  for (const sought of [0, begin, 9_000, 10_000, 10_001]) {
    expect(backlog.firstWhere((item) => item >= sought)).toBe(Math.max(sought, begin));
  }
  while (backlog.size > 0) backlog.shift();
  backlog.shift();
  expect([backlog.begin, backlog.end]).toEqual([10_001, 10_000]);
  backlog.push(10_001);
  expect(backlog.get(10_001)).toBe(10_001);
});
