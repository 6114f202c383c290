import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, Clock, Limiter } from '../ports/index.js';
import { type ManualClock, manualClock } from './manual-clock.js';

export interface LimiterSubject {
  readonly limiter: Limiter;
  close?(): Awaitable<void>;
}

/** The laws of the Limiter port. `create` makes a limiter without buckets whose tokens come back by this clock. */
export const limiterContract = (name: string, create: (clock: Clock) => Awaitable<LimiterSubject>): void => {
  describe(`Limiter, ${name}`, () => {
    const rule = { perMinute: 60, burst: 5 };
    let clock: ManualClock;
    let subject: LimiterSubject;
    let limiter: Limiter;
    beforeEach(async () => {
      clock = manualClock();
      subject = await create(clock);
      limiter = subject.limiter;
    });
    afterEach(() => subject.close?.());

    const taken = { ok: true, retryAfter: 0 };
    const drain = async (key: string): Promise<void> => {
      for (let n = 0; n < rule.burst; n++) expect(await limiter.take(key, 1, rule)).toEqual(taken);
    };

    test('gives the burst at once, then what comes back', async () => {
      await drain('k');
      expect(await limiter.take('k', 1, rule)).toEqual({ ok: false, retryAfter: 1 });
      clock.advance(999);
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
      clock.advance(1);
      expect(await limiter.take('k', 1, rule)).toEqual(taken);
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
    });

    test('counts each key for itself', async () => {
      await drain('a');
      expect(await limiter.take('b', 5, rule)).toEqual(taken);
      expect(await limiter.take('a', 1, rule)).toMatchObject({ ok: false });
    });

    test('never holds more than the burst', async () => {
      await drain('k');
      clock.advance(3_600_000);
      await drain('k');
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
    });

    test('takes nothing where it refuses', async () => {
      await limiter.take('k', 3, rule);
      for (let n = 0; n < 9; n++) expect(await limiter.take('k', 4, rule)).toMatchObject({ ok: false });
      expect(await limiter.take('k', 2, rule)).toEqual(taken);
    });

    test('tells after how many whole seconds the cost will be there', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uuid(),
          fc.integer({ min: 1, max: 600 }),
          fc.integer({ min: 1, max: 50 }),
          fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
          async (key, perMinute, burst, costs) => {
            const slow = { perMinute, burst };
            for (const cost of costs) {
              const { ok, retryAfter } = await limiter.take(key, cost, slow);
              if (ok) continue;
              expect(Number.isInteger(retryAfter)).toBe(true);
              expect(retryAfter).toBeGreaterThan(0);
              clock.advance((retryAfter - 1) * 1000);
              expect((await limiter.take(key, cost, slow)).ok).toBe(false);
              clock.advance(1000);
              expect(await limiter.take(key, cost, slow)).toEqual(taken);
            }
          },
        ),
      );
    });

    test('never gives more than the burst and what came back', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uuid(),
          fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2_000 })), { maxLength: 40 }),
          async (key, takes) => {
            const start = clock.now();
            let given = 0;
            for (const [cost, ms] of takes) {
              clock.advance(ms);
              if ((await limiter.take(key, cost, rule)).ok) given += cost;
              expect(given).toBeLessThanOrEqual(rule.burst + (clock.now() - start) / 1000 + 1e-6);
            }
          },
        ),
      );
    });

    test('serves a cost over the burst from a full bucket, which then owes the rest', async () => {
      expect(await limiter.take('k', 8, rule)).toEqual(taken);
      expect(await limiter.take('k', 1, rule)).toEqual({ ok: false, retryAfter: 4 });
      clock.advance(3_999);
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
      clock.advance(1);
      expect(await limiter.take('k', 1, rule)).toEqual(taken);
    });

    test('is neither stuck nor generous when the clock goes back', async () => {
      await drain('k');
      clock.advance(-86_400_000);
      expect(await limiter.take('k', 1, rule)).toEqual({ ok: false, retryAfter: 1 });
      clock.advance(1_000);
      expect(await limiter.take('k', 1, rule)).toEqual(taken);
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
    });

    test('goes by a new rule at once', async () => {
      await limiter.take('k', 1, { perMinute: 60, burst: 100 });
      expect(await limiter.take('k', 6, rule)).toEqual(taken);
      expect(await limiter.take('k', 1, rule)).toMatchObject({ ok: false });
    });
  });
};
