import { expect, it } from 'vitest';
import { ManualClock } from './clock.js';

it('calls what comes due in order, each at its time, and what that sets on the way', () => {
  const clock = new ManualClock(1_000);
  const heard: string[] = [];
  const note = (name: string) => () => void heard.push(`${name} at ${clock.now()}`);
  clock.after(20, note('second'));
  clock.after(10, () => {
    note('first')();
    clock.after(5, note('between'));
    clock.after(500, note('never'));
  });
  clock.after(20, note('third'));
  const callOff = clock.after(15, note('called off'));
  callOff();
  clock.advance(100);
  expect(heard).toEqual(['first at 1010', 'between at 1015', 'second at 1020', 'third at 1020']);
  expect(clock.now()).toBe(1_100);
});
