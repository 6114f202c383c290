import { expect, it } from 'vitest';
import { AccountQuota } from './account-quota.js';
import { ManualClock } from './clock.js';

const takeAll = (quota: AccountQuota): number => {
  let taken = 0;
  while (quota.take()) taken += 1;
  return taken;
};

it('gives a burst at once, and then so many each second, never more than a burst', () => {
  const clock = new ManualClock();
  const quota = new AccountQuota({ perSecond: 100, burst: 50 }, clock);
  expect(takeAll(quota)).toBe(50);
  clock.advance(100);
  expect(takeAll(quota)).toBe(10);
  clock.advance(60_000);
  expect(takeAll(quota)).toBe(50);
});

it('is full again where another quota is set', () => {
  const quota = new AccountQuota({ perSecond: 1, burst: 1 }, new ManualClock());
  takeAll(quota);
  quota.set({ perSecond: 1, burst: 3 });
  expect(takeAll(quota)).toBe(3);
});
