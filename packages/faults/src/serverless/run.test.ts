import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { DEEDS } from './mischief.js';
import { serverless } from './run.js';

/** Enough for one fault of each kind where nothing else is said. */
const SECONDS = Number(process.env['AIDEALS_FAULTS_SERVERLESS_SECONDS'] ?? 2 * DEEDS.length);

it(
  'keeps every promise by functions, through faults of every kind',
  async () => {
    const { numbers, findings } = await serverless({
      ...quietly,
      clients: 24,
      ms: SECONDS * 1_000,
      ...{ peaceMs: 600, faultMs: 1_500, eventsPerSecond: 3, messagesPerSecond: 2, lifeMs: 20_000 },
    });
    expect(findings.list.join('\n'), numbers.join('\n')).toBe('');
  },
  (SECONDS + 400) * 1_000,
);
