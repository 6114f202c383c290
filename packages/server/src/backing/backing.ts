import type { Intake, IntakeSummary } from '@aideals/bus';
import type { Bus, Clock, ConnectionMirror, Directory, Limiter, SharedStreams, Streams, Table } from '@aideals/core';
import type { WriterStats } from '@aideals/store';
import type { Config } from '../config/index.js';
import type { Counted } from '../telemetry/metrics.js';
import { openDynamoDb } from './dynamodb.js';
import { openFolder } from './embedded.js';
import { openRedisLog } from './redis.js';

export interface BackingOptions {
  readonly clock: Clock;
  /** Another one at each start. */
  readonly nodeId: string;
  /** A random name for a segment of the log. */
  readonly segment: () => string;
  /** Told when a part fails, and when it works again. */
  readonly onState: (part: string, failure: Error | undefined) => void;
  /** Told of what others published on the bus, and what was not taken. */
  readonly report: (summary: IntakeSummary) => void;
  /** Told, a line each, of settings of Redis that will lose events one day. */
  readonly warn: (line: string) => void;
  /** Told of a fault in a listener of the bus. */
  readonly failed: (where: string, error: unknown) => void;
}

/** One for each part, each of which throws where it does not work now. */
export type PartChecks = Readonly<Record<string, () => Promise<void>>>;

/** Where everything but the log is, and a log for whoever has no other. */
export interface Tables {
  readonly table: Table;
  readonly limiter: Limiter;
  log(): Promise<Streams>;
  /** Names the place of a table that other nodes can reach; undefined where it is this node’s own. */
  readonly place: string | undefined;
  readonly mirror?: ConnectionMirror;
  /** What is used, for the log of the server: no secrets. */
  readonly names: Readonly<Record<string, string>>;
  readonly checks: PartChecks;
  /** Of the embedded store. */
  stats(): Pick<WriterStats, 'flushes' | 'writes'>;
  close(): Promise<void>;
}

/** What several nodes have in common. */
export interface Shared {
  readonly bus: Bus;
  readonly streams: SharedStreams;
  /** Names what the nodes of this deployment share; another name on the same bus is a stranger. */
  readonly deployment: string;
  /** Whether the table is common to all nodes as well. */
  readonly sharesTable: boolean;
  readonly mirror?: ConnectionMirror;
  /** Takes in what others publish on the bus itself. */
  readonly intake?: Intake;
  /** Makes a directory count the connections of all nodes, where these have the places of one server, of which there are `most`. */
  readonly counting?: (directory: Directory, held: () => number, most: number) => Directory;
  /** Where nodes keep who is connected, where that is not the table itself. */
  readonly presence?: Table;
}

export interface Siblings {
  /** What all of them count, this one too. */
  counted(): Promise<readonly Counted[]>;
  /** Says what this one counts, when it is asked. */
  countBy(look: () => Promise<Counted>): void;
}

/** Where a server keeps what outlives it: in its own folder, on Redis, on DynamoDB. */
export interface Backing extends Pick<Tables, 'table' | 'limiter' | 'names' | 'checks' | 'stats' | 'close'> {
  readonly streams: Streams;
  /** Undefined where this node is alone. */
  readonly shared: Shared | undefined;
  /** The other processes that are one server together with this one. */
  readonly siblings?: Siblings;
}

/** On DynamoDB where a table is named, else in the folder. */
const openTables = (config: Config, options: BackingOptions): Promise<Tables> => {
  const name = config.connectionsTable ?? config.connectionsTableName;
  return name === undefined ? openFolder(config.dataDir, options) : openDynamoDb(config, name, options);
};

/** Opens what the settings name. Throws a `StartError` of one line where that cannot be. */
export const openBacking = async (config: Config, options: BackingOptions): Promise<Backing> => {
  const redis = await openRedisLog(config, options);
  try {
    const tables = await openTables(config, options);
    if (redis === undefined) return { ...tables, streams: await tables.log(), shared: undefined };
    const { bus, streams, limiter, intake, name } = redis;
    const { place, mirror } = tables;
    return {
      ...tables,
      streams,
      limiter,
      shared: {
        bus,
        streams,
        intake,
        deployment: place ?? `the data folder of node ${options.nodeId}`,
        sharesTable: place !== undefined,
        ...(mirror === undefined ? {} : { mirror }),
      },
      names: { ...tables.names, redis: name },
      checks: { ...tables.checks, redis: redis.check },
      close: async () => {
        redis.close();
        await tables.close();
      },
    };
  } catch (error) {
    redis?.close();
    throw error;
  }
};
