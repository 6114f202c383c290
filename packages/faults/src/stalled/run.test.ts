import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { stalled } from './run.js';

it('who does not read slows nobody, is conflated, then closed, and comes back to all that there is', async () => {
  const groups = { readers: 8, dozing: 2, early: 2, late: 2, flooded: 2 };
  const { findings, numbers } = await stalled({
    ...quietly,
    ...groups,
    events: 2_000,
    bytes: 16_000,
    perSecond: Number.POSITIVE_INFINITY,
    stallSeconds: 3,
  });
  expect(findings.list, numbers.join('\n')).toEqual([]);
}, 120_000);
