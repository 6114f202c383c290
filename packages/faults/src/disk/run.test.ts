import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { ENDED } from './full-disk.js';
import { disk } from './run.js';

it('a full disk takes nothing that was confirmed and stores nothing by halves, and peers that are gone are found', async () => {
  const { findings, numbers } = await disk({ ...quietly, writes: 40 });
  // Documented as not covered: what was confirmed is there all the same, which the run goes on to check.
  const broken = findings.list.filter((line) => !line.includes(ENDED));
  expect(broken, numbers.join('\n')).toEqual([]);
}, 120_000);
