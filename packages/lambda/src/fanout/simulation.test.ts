import { describe, expect, it } from 'vitest';
import { simulate } from './simulation.js';

const quota = { perSecond: 10_000, burst: 5_000, share: 1 };

describe('a fan-out to 100,000 connections', () => {
  it('takes no more than a tenth longer than the quota sets', async () => {
    const result = await simulate({ connections: 100_000, quota });
    expect(result).toMatchObject({ delivered: 100_000, upToDate: 100_000, limitSeconds: 9.5 });
    expect(result.seconds).toBeLessThan(result.limitSeconds * 1.1);
    expect(result.calls).toBeLessThan(101_000);
  });

  it('keeps to its share', async () => {
    const result = await simulate({ connections: 100_000, quota: { ...quota, share: 0.5 } });
    expect(result).toMatchObject({ delivered: 100_000, refused: 0, limitSeconds: 19.5 });
    expect(result.seconds).toBeGreaterThan(result.limitSeconds);
    expect(result.seconds).toBeLessThan(result.limitSeconds * 1.1);
  });
});

describe('a fan-out to 20,000 connections', () => {
  it('gets through while others use the quota up, and repeats few calls', async () => {
    const result = await simulate({ connections: 20_000, quota: { ...quota, share: 0.8 }, others: 5_000 });
    expect(result).toMatchObject({ delivered: 20_000, upToDate: 20_000 });
    expect(result.refused).toBeGreaterThan(0);
    expect(result.calls).toBeLessThan(20_000 * 1.5);
    expect(result.seconds).toBeLessThan(8);
  });

  it('sends those who are late the newest state alone', async () => {
    const updates = { count: 5, everyMs: 200 };
    const result = await simulate({ connections: 20_000, quota: { ...quota, share: 0.4 }, updates });
    expect(result.upToDate).toBe(20_000);
    // Five times as many would be sent if each state went to all.
    expect(result.delivered).toBeLessThan(50_000);
    expect(result.seconds).toBeLessThan(10);
  });
});
