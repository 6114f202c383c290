import type { Context } from './handler.js';

const SLICE = 1_000;
const AGAIN_MS = 20;
const TRIM_MS = 10_000;
const SWEEP_MS = 60_000;

/** Removes events beyond retention, a slice at a time, so that publishing is never kept waiting. */
export const trimLog = async (cx: Context): Promise<void> => {
  const { streams, schedule } = cx.ports;
  const { retentionEvents, retentionEventsSeconds } = cx.settings.limits;
  const before = cx.now - retentionEventsSeconds * 1000;
  const more = await streams.trim({ before, keep: retentionEvents, limit: SLICE });
  await schedule.set('trim', cx.now + (more ? AGAIN_MS : TRIM_MS), { kind: 'trim' });
};

/** Removes expired rows, a slice at a time. */
export const sweepTable = async (cx: Context): Promise<void> => {
  const { table, schedule } = cx.ports;
  const more = await table.sweep(SLICE);
  await schedule.set('sweep', cx.now + (more ? AGAIN_MS : SWEEP_MS), { kind: 'sweep' });
};
