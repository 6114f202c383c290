import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Clock } from '@aideals/core';
import { busContract } from '@aideals/core/contract/bus';
import { limiterContract } from '@aideals/core/contract/limiter';
import { streamsContract } from '@aideals/core/contract/streams';
import { tableContract } from '@aideals/core/contract/table';
import { MemoryLog, memoryLimiter, memoryStreams, memoryTable } from '@aideals/core/memory';
import { Link } from './link.js';
import { ownerOf } from './owner.js';
import { remoteBus, remoteLimiter, remoteStreams, remoteTable } from './ward.js';

let names = 0;
const segment = (): string => {
  names += 1;
  return `s${names}`;
};

/** An owner with all it keeps in memory, and as many workers as are asked for. */
const owned = async (clock: Clock, log = new MemoryLog()) => {
  const streams = memoryStreams({ clock, segment, log });
  const owner = await ownerOf({
    table: memoryTable(clock),
    streams: { ...streams, segments: () => log.segments.list },
    limiter: memoryLimiter(clock),
    clock,
    stats: () => ({}),
    counted: async () => [],
  });
  const listener = createServer((socket) => owner.accept(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const links: Link[] = [];
  return {
    async worker() {
      const socket = connect((listener.address() as { port: number }).port, '127.0.0.1');
      const link: Link = new Link(socket, {
        methods: {},
        told: (what, args) => {
          if (what === 'bus') bus.hear(args[0] as string, args[1] as Uint8Array);
          else log_.know(args[0] as never);
        },
        ended: () => undefined,
      });
      links.push(link);
      const log_ = remoteStreams(link);
      const bus = remoteBus(link, () => undefined);
      await log_.top();
      return { table: remoteTable(link, 'table'), streams: log_, limiter: remoteLimiter(link), bus };
    },
    close: () => {
      for (const link of links) link.close();
      listener.close();
    },
  };
};

const now = (): number => 1_700_000_000_000;

tableContract('of a worker', async (clock) => {
  const { worker, close } = await owned(clock);
  return { table: (await worker()).table, close };
});

streamsContract('of a worker', async (clock) => {
  const log = new MemoryLog();
  const open = async () => {
    const { worker, close } = await owned(clock, log);
    const reopen = () => {
      close();
      return open();
    };
    return { streams: (await worker()).streams, reopen, close };
  };
  return open();
});

limiterContract('of a worker', async (clock) => {
  const { worker, close } = await owned(clock);
  return { limiter: (await worker()).limiter, close };
});

busContract('between workers', async () => {
  const { worker, close } = await owned({ now });
  return { node: async () => (await worker()).bus, close };
});
