import { expect, test } from 'vitest';
import { turnsContract } from '../contract/turns.contract.js';
import { memoryTurns } from './turns.js';

turnsContract('in memory', memoryTurns);

test('keeps nothing of keys where nothing runs', async () => {
  const turns = memoryTurns();
  const runs = Array.from({ length: 100 }, (_, n) => turns.run(`k${n % 10}`, async () => n));
  expect(turns.size()).toBe(10);
  await Promise.all(runs);
  await turns.run('last', async () => undefined);
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(turns.size()).toBe(0);
});
