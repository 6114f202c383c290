import { expect, it } from 'vitest';
import { memoryBus } from '../memory/index.js';
import type { LogEvent, ReadPage, SharedStreams } from '../ports/index.js';
import { encodeAnnouncement, logChannel } from './announcement.js';
import { Follower } from './follower.js';
import { quiet } from './testing/cluster.js';

const idOf = (offset: number): string => `e-${offset}`;
const event = (offset: number): LogEvent => ({
  ...{ type: 'dealUpdate', topic: 'tv', data: {}, at: 0 },
  ...{ offset, id: idOf(offset) },
});

it('goes on where an event is announced while it is being read', async () => {
  const bus = memoryBus({
    onError: (error) => {
      throw error;
    },
  });
  const end = bus.node();
  let top = 1;
  const reads: ((page: ReadPage) => void)[] = [];
  const given: number[] = [];
  const restarts: number[] = [];
  const never = (): never => {
    throw new Error('not asked for');
  };
  const streams: SharedStreams = {
    positions: (channels) => ({ top, last: channels.map(() => top), idOf }),
    read: () => new Promise((resolve) => reads.push(resolve)),
    locate: () => ({ after: 0 }),
    ...{ append: never, top: never, idOf, trim: never },
  };
  const follower = new Follower({
    streams,
    bus: end,
    telemetry: { event: () => undefined, count: () => undefined, observe: () => undefined },
    give: ({ offset }) => {
      given.push(offset);
      return { sent: 0, queued: 0, gone: 0 };
    },
    advance: () => undefined,
    restart: (at) => restarts.push(at),
    failed: never,
  });
  await follower.start();
  follower.channels.retain('tv');
  await quiet();
  top = 2;
  const look = follower.look();
  await quiet();
  expect(reads).toHaveLength(1);
  const announcement = encodeAnnouncement(2, 1, idOf(2), JSON.stringify(event(2)));
  await bus.node().publish(logChannel('tv'), announcement);
  await quiet();
  expect(given).toEqual([2]);
  reads[0]?.({ events: [event(2)], end: 2, covered: true });
  await look;
  expect([given, restarts]).toEqual([[2], []]);
});
