import type { DueEvent } from '@aideals/core';
import { scheduleContract } from '@aideals/core/contract/schedule';
import { memoryTable } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { Timers } from './timers.js';

const START = 1_764_039_600_000;
const MINUTE = 60_000;

const world = () => {
  let now = START;
  const clock = { now: () => now };
  const timers = new Timers(memoryTable(clock), clock);
  return {
    timers,
    /** A sweep that serves all it finds. */
    async sweep(at: number) {
      now = at;
      const due = await timers.due(at);
      for (const { done } of due) await done();
      await timers.passed(at);
      return due.map(({ event }) => event);
    },
  };
};

scheduleContract('rows', () => {
  const clock = { now: () => 0 };
  const timers = new Timers(memoryTable(clock), clock);
  return {
    schedule: timers,
    async due(now) {
      const due = await timers.due(now);
      for (const { done } of due) await done();
      return due.map(({ event }) => event as DueEvent);
    },
  };
});

describe('timers', () => {
  const event = { kind: 'token-expiring', connectionId: 'c' } as const;

  it('that no sweep has read are read by the next, hours later', async () => {
    const { timers, sweep } = world();
    await sweep(START);
    await timers.set('c', START + 5 * MINUTE, event);
    expect(await sweep(START + MINUTE)).toEqual([]);
    expect(await sweep(START + 300 * MINUTE)).toEqual([event]);
    expect(await sweep(START + 301 * MINUTE)).toEqual([]);
  });

  it('come again until they are served', async () => {
    const { timers, sweep } = world();
    await timers.set('c', START, event);
    expect((await timers.due(START)).map((due) => due.event)).toEqual([event]);
    await timers.passed(START);
    expect(await sweep(START + MINUTE)).toEqual([event]);
    expect(await sweep(START + 2 * MINUTE)).toEqual([]);
  });

  it('set into a minute that was swept are found', async () => {
    const { timers, sweep } = world();
    await sweep(START + 10 * MINUTE);
    await timers.set('c', START, event);
    expect(await sweep(START + 11 * MINUTE)).toEqual([event]);
  });

  it('tell the end of a connection, whatever becomes of its key', async () => {
    const { timers, sweep } = world();
    await timers.noteEnd('c', START + MINUTE);
    await timers.cancel('ended:c');
    expect(await sweep(START + MINUTE)).toEqual([{ kind: 'ended', connectionId: 'c' }]);
  });
});
