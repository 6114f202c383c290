import { memoryStreams } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { earlier, OVERTAKEN_MS, resumingEarlier } from './earlier.js';

const START = 1_764_039_600_000;
const SECOND = 1_000;

/** A log with one event each second; its last is at `START`. */
const logOf = async (events: number) => {
  const clock = { now: () => START };
  const streams = memoryStreams({ clock, segment: () => 'seg' });
  for (let n = events - 1; n >= 0; n -= 1) {
    await streams.append([{ type: 'dealUpdate', topic: 't', data: {}, at: START - n * SECOND }]);
  }
  return streams;
};

describe('an earlier place in the log', () => {
  it('lies right before all that came in the time given', async () => {
    const streams = await logOf(1_000);
    expect(await earlier(streams, 1_000, 60 * SECOND)).toBe(939);
    expect(await earlier(streams, 70, 60 * SECOND)).toBe(9);
    expect(await earlier(streams, 62, 60 * SECOND)).toBe(1);
    expect(await earlier(streams, 61, 60 * SECOND)).toBe(0);
  });

  it('is the beginning where the log is younger', async () => {
    const streams = await logOf(10);
    expect(await earlier(streams, 10, 60 * SECOND)).toBe(0);
    expect(await earlier(streams, 0, 60 * SECOND)).toBe(0);
  });

  it('is never before what was trimmed, which would be told as lost', async () => {
    const streams = await logOf(100);
    await streams.trim({ before: 0, keep: 20, limit: 1_000 });
    const at = await earlier(streams, 100, 60 * SECOND);
    expect((await streams.read({ after: at, limit: 1 })).covered).toBe(true);
    expect(at).toBeLessThan(100);
  });

  it('is where a resume begins, unless its place is lost', async () => {
    const streams = await logOf(300);
    const nothingKnown = { areAllBefore: async () => false, allUpTo: async (_: string, after: number) => after };
    const resuming = resumingEarlier(streams, async () => OVERTAKEN_MS, nothingKnown);
    expect((await resuming.locate(streams.idOf(300))).after).toBe(239);
    expect(await resuming.locate('unknown-5')).toEqual(await streams.locate('unknown-5'));
  });
});
