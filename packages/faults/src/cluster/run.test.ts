import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { DEEDS } from './mischief.js';
import { cluster } from './run.js';

/** Enough for one fault of each kind where nothing else is said. */
const SECONDS = Number(process.env['AIDEALS_FAULTS_CLUSTER_SECONDS'] ?? DEEDS.length);

it(
  'keeps every promise through faults of every kind',
  async () => {
    const { numbers, findings } = await cluster({
      ...quietly,
      nodes: 3,
      clients: 60,
      ms: SECONDS * 1_000,
      ...{ peaceMs: 500, faultMs: 1_000, eventsPerSecond: 20, messagesPerSecond: 10 },
    });
    expect(findings.list.join('\n'), numbers.join('\n')).toBe('');
  },
  (SECONDS + 170) * 1_000,
);
