import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, DueEvent, Schedule } from '../ports/index.js';

export interface ScheduleSubject {
  readonly schedule: Schedule;
  /** Takes out what is due at this moment, the earliest first. */
  due(now: number): Awaitable<readonly DueEvent[]>;
  close?(): Awaitable<void>;
}

const event = (connectionId: string): DueEvent => ({ kind: 'token-expiring', connectionId });

/** The laws of the Schedule port. `create` makes an empty schedule. */
export const scheduleContract = (name: string, create: () => Awaitable<ScheduleSubject>): void => {
  describe(`Schedule, ${name}`, () => {
    let subject: ScheduleSubject;
    let schedule: Schedule;
    beforeEach(async () => {
      subject = await create();
      schedule = subject.schedule;
    });
    afterEach(() => subject.close?.());

    test('gives what is due, the earliest first, and once', async () => {
      await schedule.set('b', 2_000, event('b'));
      await schedule.set('c', 3_000, event('c'));
      await schedule.set('a', 1_000, event('a'));
      expect(await subject.due(999)).toEqual([]);
      expect(await subject.due(2_000)).toEqual([event('a'), event('b')]);
      expect(await subject.due(2_000)).toEqual([]);
      expect(await subject.due(9_000)).toEqual([event('c')]);
    });

    test('moves a key that is set', async () => {
      await schedule.set('a', 1_000, event('old'));
      await schedule.set('a', 5_000, event('new'));
      expect(await subject.due(4_999)).toEqual([]);
      expect(await subject.due(5_000)).toEqual([event('new')]);
      await schedule.set('a', 9_000, event('old'));
      await schedule.set('a', 6_000, event('new'));
      expect(await subject.due(9_000)).toEqual([event('new')]);
    });

    test('cancels, also what is not there', async () => {
      await schedule.set('a', 1_000, event('a'));
      await schedule.set('b', 1_000, event('b'));
      await schedule.cancel('a');
      await schedule.cancel('a');
      await schedule.cancel('never');
      expect(await subject.due(1_000)).toEqual([event('b')]);
      await schedule.cancel('b');
    });

    test('takes what lies in the past, and sets again what was given', async () => {
      await schedule.set('a', -1, event('a'));
      expect(await subject.due(0)).toEqual([event('a')]);
      await schedule.set('a', 0, event('a'));
      expect(await subject.due(0)).toEqual([event('a')]);
    });

    test('does what a plain list does', async () => {
      const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.record({ set: key, at: fc.nat(50) }) },
        { weight: 1, arbitrary: fc.record({ cancel: key }) },
        { weight: 1, arbitrary: fc.record({ due: fc.nat(50) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const model = new Map<string, number>();
          const take = async (now: number): Promise<void> => {
            const due = [...model].filter(([, at]) => at <= now);
            const given = await subject.due(now);
            const times = given.map((each) => model.get('connectionId' in each ? each.connectionId : ''));
            expect(times).toEqual(due.map(([, at]) => at).sort((a, b) => a - b));
            expect(new Set(given.map((each) => 'connectionId' in each && each.connectionId)).size).toBe(due.length);
            for (const [name] of due) model.delete(name);
          };
          for (const step of steps) {
            if ('set' in step) {
              await schedule.set(step.set, step.at, event(step.set));
              model.set(step.set, step.at);
            } else if ('cancel' in step) {
              await schedule.cancel(step.cancel);
              model.delete(step.cancel);
            } else await take(step.due);
          }
          await take(50);
        }),
      );
    });
  });
};
