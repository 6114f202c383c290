import { Chance } from '../chance.js';
import { Findings } from '../findings.js';
import type { RunOptions, RunResult } from '../run.js';
import { fullDisk } from './full-disk.js';
import { halfOpen } from './half-open.js';

export interface DiskOptions extends RunOptions {
  readonly writes: number;
}

/** A disk that is full for a while, and peers that are gone without a word. */
export const disk = async ({ seed, say, writes }: DiskOptions): Promise<RunResult> => {
  const findings = new Findings();
  const chance = new Chance(seed);
  const full = await fullDisk({ findings, chance, say, writes });
  const open = await halfOpen(findings);
  return { findings, numbers: [...full, ...open] };
};
