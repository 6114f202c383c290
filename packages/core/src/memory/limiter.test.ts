import { expect, test } from 'vitest';
import { limiterContract } from '../contract/limiter.contract.js';
import { manualClock } from '../contract/manual-clock.js';
import { memoryLimiter } from './limiter.js';

limiterContract('in memory', (clock) => ({ limiter: memoryLimiter(clock) }));

const rule = { perMinute: 60, burst: 5 };

test('buckets that are full again are forgotten', () => {
  const clock = manualClock();
  const limiter = memoryLimiter(clock);
  for (let n = 0; n < 100_000; n++) {
    limiter.take(`k${n}`, 1, rule);
    clock.advance(1);
  }
  // One second fills a bucket again, so a thousand are not full; the rest waits for its turn to be looked at.
  expect(limiter.size()).toBeLessThan(4_000);
});

test('a bucket that is not full is never forgotten', () => {
  const clock = manualClock();
  const limiter = memoryLimiter(clock);
  const slow = { perMinute: 1, burst: 1 };
  expect(limiter.take('slow', 1, slow).ok).toBe(true);
  for (let n = 0; n < 50_000; n++) {
    limiter.take(`k${n}`, 1, rule);
    clock.advance(1);
  }
  expect(limiter.take('slow', 1, slow)).toEqual({ ok: false, retryAfter: 10 });
});

test('buckets are forgotten also after the clock went back', () => {
  const clock = manualClock();
  const limiter = memoryLimiter(clock);
  for (let n = 0; n < 1_000; n++) limiter.take(`k${n}`, 5, rule);
  clock.advance(-86_400_000);
  for (let n = 0; n < 2_000; n++) limiter.take('other', 1, rule);
  clock.advance(5_000);
  for (let n = 0; n < 2_000; n++) limiter.take('other', 1, rule);
  expect(limiter.size()).toBe(1);
});

test('a rule that gives nothing back refuses for a day at most', () => {
  const limiter = memoryLimiter(manualClock());
  expect(limiter.take('k', 2, { perMinute: 0, burst: 1 }).ok).toBe(true);
  expect(limiter.take('k', 1, { perMinute: 0, burst: 1 })).toEqual({ ok: false, retryAfter: 86_400 });
});
