import { expect, test } from 'vitest';
import { type StreamsSubject, streamsContract } from '../contract/streams.contract.js';
import type { Clock } from '../ports/index.js';
import { Segments } from './segments.js';
import { MemoryLog, memoryStreams } from './streams.js';

const open = (clock: Clock, log: MemoryLog, n: number): StreamsSubject => ({
  streams: memoryStreams({ clock, segment: () => `segment${n}`, log }),
  reopen: () => open(clock, log, n + 1),
});

streamsContract('in memory', (clock) => open(clock, new MemoryLog(), 1));

test('segments that nobody can ask for are forgotten', () => {
  const segments = new Segments([]);
  for (let n = 0; n < 10; n++) segments.open(`s${n}`, n * 10 + 1);
  segments.forget(55, 3);
  expect(segments.list.map(({ name }) => name)).toEqual(['s5', 's6', 's7', 's8', 's9']);
  segments.forget(1_000, 3);
  expect(segments.list.map(({ name }) => name)).toEqual(['s7', 's8', 's9']);
  expect(segments.locate('s4-45', 55, 95)).toMatchObject({ lost: { reason: 'epoch' } });
});
