import type { Clock } from '../ports/index.js';

/** A clock that a test moves by hand, forwards or backwards. */
export interface ManualClock extends Clock {
  set(ms: number): void;
  advance(ms: number): void;
}

export const manualClock = (start = Date.UTC(2026, 0, 1)): ManualClock => {
  let now = start;
  return {
    now: () => now,
    set(ms) {
      now = ms;
    },
    advance(ms) {
      now += ms;
    },
  };
};

/** Calls, so that what is thrown at once and what is rejected look alike to a test. */
export const later = async <T>(call: () => T | Promise<T>): Promise<T> => call();
