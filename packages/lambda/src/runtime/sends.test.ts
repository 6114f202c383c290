import { memoryStreams, memoryTable } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { OVERTAKEN_MS, resumingEarlier } from './earlier.js';
import { followingSends, Sends } from './sends.js';

const START = 1_764_039_600_000;

/** One log, and processes that publish to it: what one knows of its sends, another finds in the table. */
const world = () => {
  let now = START;
  const clock = { now: () => now };
  const streams = memoryStreams({ clock, segment: () => 'seg' });
  const table = memoryTable(clock);
  const processOf = () => {
    const sends = new Sends({ table, clock, top: async () => streams.top(), retentionSeconds: 3_600 });
    return { sends, log: followingSends(streams, sends) };
  };
  const events = (count: number) =>
    Array.from({ length: count }, () => ({ type: 'dealUpdate', topic: 't', data: {}, at: now }));
  const resumed = async (offset: number): Promise<number> => {
    const log = resumingEarlier(streams, async () => OVERTAKEN_MS, processOf().sends);
    return (await log.locate(streams.idOf(offset))).after;
  };
  return {
    ...{ processOf, resumed, events, streams },
    pass: (ms: number) => {
      now += ms;
    },
    /** Publishes a list, sent to its end. */
    async publish(count: number): Promise<void> {
      const { sends, log } = processOf();
      await log.append(events(count));
      await sends.done();
    },
  };
};

describe('a position', () => {
  it('is where it says, where all before it was sent when it was appended', async () => {
    const { publish, resumed } = world();
    for (let n = 0; n < 5; n += 1) await publish(4);
    expect(await Promise.all([20, 18, 9, 1].map(resumed))).toEqual([20, 18, 9, 1]);
  });

  it('lies before what was still on its way', async () => {
    const { publish, processOf, events, resumed } = world();
    await publish(5);
    const slow = processOf();
    await slow.log.append(events(5));
    await publish(5);
    expect(await resumed(12)).toBe(5);
    expect(await resumed(8)).toBe(5);
    await slow.sends.done();
    // Whoever has one of those that overtook it may lack it for ever; whoever has a later one does not.
    expect(await resumed(12)).toBe(5);
    await publish(5);
    expect(await resumed(17)).toBe(17);
    expect(await resumed(8)).toBe(8);
  });

  it('lies before what somebody was not sent, and before what failed', async () => {
    const { publish, processOf, events, resumed } = world();
    await publish(5);
    const some = processOf();
    await some.log.append(events(5));
    some.sends.incomplete(8);
    await some.sends.done();
    await publish(5);
    expect(await resumed(14)).toBe(5);
    const failed = processOf();
    await failed.log.append(events(5));
    failed.sends.failed();
    await failed.sends.done();
    expect(await resumed(18)).toBe(5);
  });

  it('is at most so far back as sends may take', async () => {
    const { publish, processOf, events, resumed, pass } = world();
    await processOf().log.append(events(5));
    pass(OVERTAKEN_MS + 1_000);
    for (let n = 0; n < 700; n += 1) {
      await publish(1);
      if (n === 690) pass(1_000);
    }
    expect(await resumed(705)).toBe(705);
    expect(await resumed(6)).toBe(6);
  });

  it('is before the whole time where nothing is known', async () => {
    const { streams, events, resumed, pass } = world();
    await streams.append(events(3));
    pass(OVERTAKEN_MS + 1_000);
    await streams.append(events(3));
    expect(await resumed(5)).toBe(3);
  });
});

describe('a list under a key', () => {
  const once = { key: 'k', digest: 'd' };

  it('that was sent is not sent again', async () => {
    const { processOf, events } = world();
    const first = processOf();
    expect((await first.log.append(events(2), once)).replayed).toBe(false);
    await first.sends.done();
    expect((await processOf().log.append(events(2), once)).replayed).toBe(true);
  });

  it('whose first publisher was cut off is sent by its repeat', async () => {
    const { processOf, events } = world();
    const { ids } = await processOf().log.append(events(2), once);
    const second = processOf();
    expect(await second.log.append(events(2), once)).toMatchObject({ ids, replayed: false });
    await second.sends.done();
    expect((await processOf().log.append(events(2), once)).replayed).toBe(true);
  });
});
