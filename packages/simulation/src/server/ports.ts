import { createHash } from 'node:crypto';
import type { Ports } from '@aideals/core';
import { memoryDirectory, memoryLimiter, memorySchedule, memoryTurns } from '@aideals/core/memory';
import type { Calls } from '../store/calls.js';
import { openStreams } from '../store/streams.js';
import { openTable } from '../store/table.js';
import type { World } from '../world.js';
import { slowDirectory } from './directory.js';
import { portTo, SimulatedGateway } from './gateway.js';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface PortsOptions {
  readonly calls: Calls;
  readonly segment: string;
  /** Something was set for another time than before. */
  readonly rescheduled: () => void;
  /** A fault inside the engine that was answered with an error. */
  readonly failed: (where: string, error: unknown) => void;
}

/** Everything that the engine of one life works on, over the disks that outlive it. */
export const portsOf = (world: World, { calls, segment, rescheduled, failed }: PortsOptions) => {
  const { profile } = world;
  const clock = { now: () => world.now };
  const schedule = memorySchedule(rescheduled);
  const directory = memoryDirectory();
  const turns = memoryTurns();
  const limiter = memoryLimiter(clock);
  const { streams, end } = openStreams(world.log, calls, clock.now, segment);
  const gateway = new SimulatedGateway(end);
  const ports: Ports = {
    clock,
    ids: world.ids,
    table: openTable(world.table, calls, clock.now),
    streams,
    directory: profile.slowDirectory ? slowDirectory(directory, calls) : directory,
    gateway: portTo(gateway, (answer) => (profile.slowGateway ? calls.run(answer) : answer())),
    limiter,
    schedule,
    turns,
    telemetry: {
      event: (event) => {
        if (event.name === 'internal-error') failed(event.where, event.error);
        if (event.name === 'order-broken') world.surprise('order-broken', event);
      },
      count: () => undefined,
      observe: () => undefined,
    },
    digest,
  };
  /** What is kept in memory, by kind. */
  const sizes = (): Record<string, number> => ({
    connections: directory.count(),
    ...directory.sizes(),
    // Where a directory takes its time, a timer may be set for who has left meanwhile: it ends when it is due.
    schedule: profile.slowDirectory ? 0 : schedule.size(),
    turns: turns.size(),
    limiter: limiter.size(),
    outboxes: gateway.outboxes.size,
  });
  return { ports: world.mutation?.ports?.(ports, world.stage) ?? ports, gateway, schedule, sizes };
};
