import { fanOut } from '../delivery/fan-out.js';
import { pushFrame } from '../delivery/frames.js';
import type {
  Bus,
  Directory,
  EventRelay,
  Gateway,
  LogEvent,
  Ports,
  SharedStreams,
  Streams,
  Table,
  UserRelay,
} from '../ports/index.js';
import { clusterDirectory } from './directory.js';
import { followedStreams } from './followed-streams.js';
import { Follower } from './follower.js';
import { Leases, type NodeFacts } from './leases.js';
import type { LocalDirectory } from './local-directory.js';
import { Mailroom } from './mailroom.js';
import { type ConnectionMirror, Registry } from './registry.js';
import { RollCall } from './roll-call.js';

/** A gateway of a node: it holds its outboxes itself, and can begin its positions anew. */
export interface NodeGateway extends Gateway {
  /**
   * The log began anew: from here on this offset has been given, though it is lower than before. Tells the connections that
   * are held, whose places mean nothing any more.
   */
  restart(offset: number): readonly string[];
}

export interface NodeOptions {
  /** Another one at each start. */
  readonly nodeId: string;
  /** Names what the nodes of one deployment share: their table, say. */
  readonly deployment: string;
  readonly bus: Bus;
  readonly streams: SharedStreams;
  readonly local: LocalDirectory;
  readonly gateway: NodeGateway;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'table' | 'telemetry'>;
  /** Where the nodes keep who is connected, and their leases; the table where it is left out. */
  readonly presence?: Table;
  /** Whether the nodes share the table, and so their users. */
  readonly sharesTable: boolean;
  /** How long a node that died is taken for alive. */
  readonly leaseSeconds: number;
  readonly mirror?: ConnectionMirror;
}

export interface ClusterNode {
  readonly directory: Directory;
  /** The log, as this node follows it: to be used in place of the one that it was given. */
  readonly streams: Streams;
  readonly eventRelay: EventRelay;
  readonly userRelay: UserRelay | undefined;
  /** Takes its place among the nodes, and begins at the top of the log. Before the first connection. */
  start(): Promise<void>;
  /** To be called once a second. Never rejects. */
  beat(): Promise<void>;
  /** When the last connection is gone: gives up its place. */
  stop(): Promise<void>;
  /** What does not work now. */
  health(): { readonly log: boolean; readonly leases: boolean };
  /** All nodes that are known to live; only this one where they do not share the table. */
  nodes(): ReadonlyMap<string, NodeFacts>;
}

/** Connections that must resume come back spread over this: two milliseconds for each, half a minute at most. */
const APART_MS = 2;
const MOST_MS = 30_000;
const SPREAD_MS = 1_000;
/** Beats from one roll call to the next. */
const CALL_BEATS = 5;

/** Makes those who are subscribed, or were being sent what they missed, come back, and tells when. */
const sendAway = ({ local, gateway, ports }: NodeOptions, held: readonly string[]): number => {
  const all = [...new Set([...local.subscribers(), ...held])];
  const window = Math.min(MOST_MS, all.length * APART_MS);
  for (const [i, connectionId] of all.entries()) {
    const afterMs = Math.floor((i * window) / all.length);
    void gateway.send([connectionId], pushFrame('goAway', { afterMs, spreadMs: SPREAD_MS }, ports.clock.now()));
    void gateway.close(connectionId, { code: 1012 });
  }
  return all.length;
};

/** A node among others: how events of the shared log and what is for users get to the connections that it holds. */
export const clusterNode = (options: NodeOptions): ClusterNode => {
  const { nodeId, deployment, bus, streams, local, gateway, ports, sharesTable, leaseSeconds, mirror } = options;
  const { clock, telemetry } = ports;
  const table = options.presence ?? ports.table;
  const failed = (error: unknown): void =>
    telemetry.event({ name: 'internal-error', errorId: ports.ids.next('error'), where: 'cluster', error });
  const outPorts = { directory: local, gateway, telemetry };
  const follower = new Follower({
    streams,
    bus,
    telemetry,
    give: (event: LogEvent) => {
      const sent = fanOut(outPorts, event);
      if (sent instanceof Promise) throw new TypeError('the directory and the gateway of a node answer at once');
      return sent;
    },
    advance: (offset) => gateway.advance(offset),
    restart: (top) => sendAway(options, gateway.restart(top)),
    failed,
  });
  const rollCall = new RollCall({ nodeId, deployment, bus, clock, telemetry });
  const mailroom = new Mailroom(nodeId, bus, { ...ports, directory: local, gateway });
  const shared = sharesTable
    ? {
        mailroom,
        registry: new Registry({ nodeId, table, clock, failed, ...(mirror === undefined ? {} : { mirror }) }),
        leases: new Leases({
          nodeId,
          table,
          clock,
          telemetry,
          seconds: leaseSeconds,
          connections: () => local.count(),
          // It may have stored what it could tell nobody.
          died: () => mailroom.lookAtAll(),
        }),
      }
    : undefined;
  const directory = clusterDirectory({
    nodeId,
    local,
    channels: follower.channels,
    ...(shared === undefined ? {} : { shared }),
  });
  let beats = 0;

  /** Of a node that was away for too long the others have let go: its connections are written anew. */
  const renewed = async (lapsed: boolean): Promise<void> => {
    if (shared === undefined) return;
    if (lapsed) await shared.registry.putAll(local.records());
    await shared.registry.tend((connectionId) => local.get(connectionId));
  };

  return {
    directory,
    streams: followedStreams(streams, follower),
    eventRelay: follower,
    userRelay: shared?.mailroom,
    async start() {
      await follower.start();
      await shared?.leases.renew();
      await rollCall.call();
    },
    async beat() {
      beats += 1;
      const work = [follower.look()];
      if (shared !== undefined) work.push(shared.mailroom.look(), shared.leases.beat().then(renewed));
      // The bus may be away: `log` of the health tells.
      if (beats % CALL_BEATS === 0) {
        const called = rollCall.call().then(() => rollCall.miss(new Set(shared?.leases.nodes.keys())));
        work.push(called.catch(() => undefined));
      }
      for (const done of await Promise.allSettled(work)) if (done.status === 'rejected') failed(done.reason);
    },
    async stop() {
      await shared?.registry.settled();
      await Promise.allSettled([shared?.mailroom.look()]);
      // The others look for what they were not told when a lease ends without a word.
      const isMissed = shared?.mailroom.isAllTold === false;
      await Promise.allSettled([isMissed ? undefined : shared?.leases.end(), rollCall.end()]);
    },
    health: () => ({ log: follower.isWell, leases: shared?.leases.isWell ?? true }),
    nodes: () => shared?.leases.nodes ?? new Map(),
  };
};
