import { type StreamsSubject, streamsContract } from '../contract/streams.contract.js';
import type { Clock } from '../ports/index.js';
import { memoryBus } from './bus.js';
import { sharedStreams } from './shared-streams.js';
import { MemoryLog, memoryStreams } from './streams.js';

const open = (clock: Clock, log: MemoryLog, n: number): StreamsSubject => ({
  streams: sharedStreams(memoryStreams({ clock, segment: () => `segment${n}`, log }), memoryBus().node(), new Map()),
  reopen: () => open(clock, log, n + 1),
});

streamsContract('in memory, shared', (clock) => open(clock, new MemoryLog(), 1));
