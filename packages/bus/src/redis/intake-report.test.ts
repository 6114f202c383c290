import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IntakeReport, type IntakeSummary } from './intake-report.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells the first at once, and then once a minute what came together', () => {
  const told: IntakeSummary[] = [];
  const report = new IntakeReport((summary) => told.push(summary));
  report.broken('data: is missing');
  expect(told.splice(0)).toEqual([{ broken: 1, problem: 'data: is missing', late: 0, lost: 0 }]);
  report.broken('type: is wrong');
  report.late(0);
  report.late(3);
  vi.advanceTimersByTime(59_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told.splice(0)).toEqual([{ broken: 1, problem: 'type: is wrong', late: 3, lost: 0 }]);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
  report.lost(2, 'why');
  expect(told.splice(0)).toEqual([{ broken: 0, late: 0, lost: 2, error: 'why' }]);
  report.lost(1, 'why');
  report.close();
  expect(told.splice(0)).toEqual([{ broken: 0, late: 0, lost: 1, error: 'why' }]);
  expect(vi.getTimerCount()).toBe(0);
});
