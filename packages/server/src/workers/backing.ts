import { connect } from 'node:net';
import type { Backing } from '../backing/backing.js';
import type { Counted } from '../telemetry/metrics.js';
import { Link } from './link.js';
import { Places } from './places.js';
import { remoteBus, remoteLimiter, remoteStreams, remoteTable } from './ward.js';

export interface WorkerOf {
  /** The local socket on which the owner of the store serves its workers. */
  readonly path: string;
  /** Whether it is this worker that trims the log and sweeps the table, for all of them. */
  readonly keepsHouse: boolean;
  /** The owner is gone, and with it all that this process works on. */
  readonly orphaned: () => void;
}

export interface WorkerOptions extends WorkerOf {
  /** Told of a fault in a listener of the bus. */
  readonly failed: (where: string, error: unknown) => void;
}

const STATS_MS = 1_000;

/** What a worker works on: all of it is its owner's. */
export const openWorkerBacking = async ({ path, failed, orphaned }: WorkerOptions): Promise<Backing> => {
  const socket = connect(path);
  let isClosing = false;
  let look = async (): Promise<Counted> => [];
  const link = new Link(socket, {
    methods: { counted: () => look() },
    told: (what, args) => {
      if (what === 'bus') bus.hear(args[0] as string, args[1] as Uint8Array);
      else if (what === 'segments') streams.know(args[0] as never);
    },
    ended: () => {
      if (!isClosing) orphaned();
    },
  });
  const bus = remoteBus(link, (error, channel) => failed(`bus ${channel}`, error));
  const streams = remoteStreams(link);
  const table = remoteTable(link, 'table');
  // Its answer comes behind the segments, which are known from here on.
  await streams.top();
  let stats = { flushes: 0, writes: 0 };
  let places: Places | undefined;
  const telling = setInterval(async () => {
    places?.age();
    stats = (await link.call('stats').catch(() => stats)) as typeof stats;
  }, STATS_MS);
  telling.unref();
  return {
    table,
    streams,
    limiter: remoteLimiter(link),
    shared: {
      bus,
      streams,
      deployment: path,
      sharesTable: true,
      presence: remoteTable(link, 'presence'),
      counting: (directory, held, most) => {
        places = new Places({
          held,
          ask: (taken) => link.call('connections', taken) as Promise<number>,
          tell: (taken) => link.tell('connections', taken),
          most,
        });
        return places.over(directory);
      },
    },
    siblings: {
      counted: () => link.call('counted') as Promise<readonly Counted[]>,
      countBy: (counted) => {
        look = counted;
      },
    },
    names: {},
    stats: () => stats,
    checks: { store: async () => table.check() },
    close: async () => {
      isClosing = true;
      clearInterval(telling);
      link.close();
    },
  };
};
