import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { drain } from './run.js';

it('a stop under load loses nothing, and sends each client back with a delay of its own', async () => {
  const { findings, numbers } = await drain({ ...quietly, clients: 40, own: 4, deaf: 2, drainSeconds: 4 });
  expect(findings.list, numbers.join('\n')).toEqual([]);
}, 120_000);
