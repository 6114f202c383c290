import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { DEEDS } from './mischief.js';
import { cluster } from './run.js';

it('keeps every promise through one fault of each kind', async () => {
  const { numbers, findings } = await cluster({
    ...quietly,
    nodes: 3,
    clients: 60,
    ms: DEEDS.length * 1_000,
    ...{ peaceMs: 500, faultMs: 1_000, eventsPerSecond: 20, messagesPerSecond: 10 },
  });
  expect(findings.list.join('\n'), numbers.join('\n')).toBe('');
}, 180_000);
