import type { Socket } from 'node:net';
import type { Clock, Limiter, SharedStreams, Table } from '@aideals/core';
import { memoryTable } from '@aideals/core/memory';
import type { EmbeddedStore } from '@aideals/store';
import type { Counted } from '../telemetry/metrics.js';
import { announcingStreams } from './announcing-streams.js';
import { Hub } from './hub.js';
import { Link, type Methods } from './link.js';

/** What the owner of the store gives to its workers. */
export interface Owned {
  readonly table: Table;
  readonly streams: EmbeddedStore['streams'];
  readonly limiter: Limiter;
  readonly clock: Clock;
  stats(): object;
  /** What this process counts of itself. */
  counted(): Promise<Counted>;
}

/** A worker that does not answer for so long is left out. */
const ANSWER_MS = 2_000;

const answerOf = async (link: Link): Promise<Counted> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Counted>((resolve) => {
    timer = setTimeout(() => resolve([]), ANSWER_MS);
  });
  const answer = (link.call('counted') as Promise<Counted>).catch((): Counted => []);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
};

const tableMethods = (name: string, table: Table): Methods => ({
  [`${name}.get`]: (...args: Parameters<Table['get']>) => table.get(...args),
  [`${name}.put`]: (...args: Parameters<Table['put']>) => table.put(...args),
  [`${name}.putMany`]: (...args: Parameters<Table['putMany']>) => table.putMany(...args),
  [`${name}.append`]: (...args: Parameters<Table['append']>) => table.append(...args),
  [`${name}.head`]: (...args: Parameters<Table['head']>) => table.head(...args),
  [`${name}.delete`]: (...args: Parameters<Table['delete']>) => table.delete(...args),
  [`${name}.query`]: (...args: Parameters<Table['query']>) => table.query(...args),
  [`${name}.sweep`]: (...args: Parameters<Table['sweep']>) => table.sweep(...args),
  [`${name}.check`]: () => table.check(),
});

const streamMethods = (streams: SharedStreams): Methods => ({
  'streams.append': (...args: Parameters<SharedStreams['append']>) => streams.append(...args),
  'streams.locate': (id: string) => streams.locate(id),
  'streams.read': (...args: Parameters<SharedStreams['read']>) => streams.read(...args),
  'streams.top': () => streams.top(),
  'streams.trim': (...args: Parameters<SharedStreams['trim']>) => streams.trim(...args),
  // A function does not go between processes: each worker names the offsets itself.
  'streams.positions': async (channels: readonly string[]) => {
    const { top, last } = await streams.positions(channels);
    return { top, last };
  },
});

/** Serves the store, the log, the limits and the bus to the workers of this process. */
export const ownerOf = async ({ table, streams, limiter, clock, stats, counted }: Owned) => {
  const hub = new Hub();
  const publish = (channel: string, bytes: Uint8Array): number => hub.publish(channel, bytes);
  const shared = announcingStreams(streams, publish, await streams.top());
  /** Who is connected where dies with this process, and costs no disk. */
  const presence = memoryTable(clock);
  const links = new Set<Link>();
  const connections = new Map<Link, number>();
  /** Who asks wants to let one more in: it counts from now on, until the worker tells again. */
  const countConnections = (link: Link, own: number): number => {
    connections.set(link, own);
    let all = 0;
    for (const count of connections.values()) all += count;
    connections.set(link, own + 1);
    return all;
  };
  const common: Methods = {
    ...tableMethods('table', table),
    ...tableMethods('presence', presence),
    ...streamMethods(shared),
    'limiter.take': (...args: Parameters<Limiter['take']>) => limiter.take(...args),
    'bus.publish': (channel: string, bytes: Uint8Array) => hub.publish(channel, bytes),
    stats: () => stats(),
    counted: () => Promise.all([counted(), ...Array.from(links, answerOf)]),
  };
  return {
    /** A worker has dialled. */
    accept(socket: Socket): void {
      let told: unknown;
      /** Before an answer that may hold ids of a new segment. */
      const tellSegments = (): void => {
        const segments = streams.segments();
        if (segments === told) return;
        told = segments;
        link.tell('segments', segments);
      };
      const link: Link = new Link(socket, {
        methods: {
          ...common,
          'bus.subscribe': (channel: string) => hub.subscribe(channel, link),
          'bus.unsubscribe': (channel: string) => hub.unsubscribe(channel, link),
          connections: (own: number) => countConnections(link, own),
        },
        told: (what, [own]) => {
          if (what === 'connections') connections.set(link, own as number);
        },
        beforeAnswer: tellSegments,
        ended: () => {
          hub.forget(link);
          connections.delete(link);
          links.delete(link);
        },
      });
      links.add(link);
    },
  };
};
