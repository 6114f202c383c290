import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { disk } from './run.js';

it('a full disk takes nothing that was confirmed and stores nothing by halves, and peers that are gone are found', async () => {
  const { findings, numbers } = await disk({ ...quietly, writes: 40 });
  expect(findings.list, numbers.join('\n')).toEqual([]);
}, 120_000);
