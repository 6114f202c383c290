import { expect, test } from 'vitest';
import { scheduleContract } from '../contract/schedule.contract.js';
import { memorySchedule } from './schedule.js';

scheduleContract('in memory', () => {
  const schedule = memorySchedule();
  return { schedule, due: schedule.due };
});

test('tells when the earliest is due, and when that changes', () => {
  let changes = 0;
  const schedule = memorySchedule(() => {
    changes += 1;
  });
  const sweep = { kind: 'sweep' } as const;
  expect(schedule.next()).toBeUndefined();
  schedule.set('b', 2_000, sweep);
  expect([schedule.next(), changes]).toEqual([2_000, 1]);
  schedule.set('c', 3_000, sweep);
  expect([schedule.next(), changes]).toEqual([2_000, 1]);
  schedule.set('a', 1_000, sweep);
  expect([schedule.next(), changes]).toEqual([1_000, 2]);
  schedule.set('a', 5_000, sweep);
  expect([schedule.next(), changes]).toEqual([2_000, 3]);
  schedule.cancel('b');
  expect([schedule.next(), changes]).toEqual([3_000, 4]);
  schedule.cancel('a');
  expect([schedule.next(), changes]).toEqual([3_000, 4]);
  schedule.cancel('c');
  expect([schedule.next(), changes]).toEqual([undefined, 5]);
  expect(schedule.size()).toBe(0);
});

test('keeps nothing of what was cancelled or moved', () => {
  const schedule = memorySchedule();
  for (let n = 0; n < 10_000; n++) {
    schedule.set('moved', n, { kind: 'trim' });
    schedule.set(`k${n}`, 1_000_000 - n, { kind: 'trim' });
    if (n >= 10) schedule.cancel(`k${n - 10}`);
  }
  expect(schedule.size()).toBe(11);
});
