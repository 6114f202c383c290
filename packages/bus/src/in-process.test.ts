import { busContract } from '@aideals/core/contract/bus';
import { expect, test } from 'vitest';
import { inProcessBus } from './in-process.js';

busContract('in process', () => {
  const bus = inProcessBus({ onError: () => undefined });
  return { node: () => bus };
});

test('tells what a listener threw, and on which channel', async () => {
  const told: unknown[] = [];
  const bus = inProcessBus({ onError: (error, channel) => told.push([channel, error]) });
  const failure = new Error('a listener fails');
  await bus.subscribe('c', () => {
    throw failure;
  });
  await bus.publish('c', new Uint8Array(1));
  await Promise.resolve();
  expect(told).toEqual([['c', failure]]);
});
