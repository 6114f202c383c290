import { count } from '../run.js';
import type { Crowd } from './crowd.js';

const sum = <T>(list: readonly T[], of: (each: T) => number): number =>
  list.reduce((total, each) => total + of(each), 0);

const times = (done: ReadonlyMap<string, number>): string =>
  [...done].map(([name, n]) => `${name} ${count(n)}`).join(', ') || 'none';

/** What a crowd did and went through, in so many milliseconds, as lines to read. */
export const crowdNumbers = (
  { recorder, guests, mailers, backends }: Crowd,
  { faults, lasted }: { readonly faults: ReadonlyMap<string, number>; readonly lasted: number },
): string[] => {
  const gaps = new Map<string, number>();
  for (const { counts } of guests) for (const [why, n] of counts.gaps) gaps.set(why, (gaps.get(why) ?? 0) + n);
  const rate = (n: number): string => `${(n / (lasted / 1_000)).toFixed(1)} a second`;
  const chatted = sum(mailers, ({ counts }) => counts.confirmed);
  return [
    `faults: ${times(faults)}`,
    `events: ${count(recorder.distinct)} in the log (${rate(recorder.distinct)}); ` +
      `${count(sum(backends, ({ counts }) => counts.confirmed))} confirmed over HTTP, ` +
      `${count(sum(backends, ({ counts }) => counts.repeated))} of them by a repeat; ` +
      `${count(sum(backends, ({ counts }) => counts.unknown))} without a key were not; ` +
      `${count(sum(backends, ({ counts }) => counts.unavailable))} answers of 503`,
    `deliveries: ${count(recorder.received)} (${rate(recorder.received)}), ` +
      `${count(sum(guests, ({ counts }) => counts.replayed))} of them in replays`,
    `chat: ${count(chatted)} messages confirmed (${rate(chatted)}), ` +
      `${count(sum(mailers, ({ counts }) => counts.repeated))} of them by a repeat; ` +
      `${count(sum(mailers, ({ counts }) => counts.received))} received, ` +
      `${count(sum(mailers, ({ counts }) => counts.acknowledged))} acknowledged`,
    `clients: ${count(sum(guests, ({ counts }) => counts.connects))} connects, ` +
      `${count(sum(guests, ({ counts }) => counts.failed))} dials that failed, ` +
      `${count(sum(guests, ({ counts }) => counts.gone))} connections given up`,
    `gaps that were told: ${times(gaps)}`,
  ];
};
