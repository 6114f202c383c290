import { type ConnectionMirror, type Limiter, toSeconds } from '@aideals/core';
import { memoryLimiter } from '@aideals/core/memory';
import type { DynamoStore } from '@aideals/store/dynamodb';
import type { Config } from '../config/index.js';
import { StartError } from '../start-error.js';
import type { BackingOptions, Tables } from './backing.js';

/** A row for operators lives no longer than this without being written anew. */
const ROW_SECONDS = 86_400;

const NO_STATS = { flushes: 0, writes: 0 };

/** Where the buckets cannot be reached, this node goes on with its own. */
const orOwn = (limiter: Limiter, own: Limiter): Limiter => ({
  take: async (...given) => {
    try {
      return await limiter.take(...given);
    } catch {
      return own.take(...given);
    }
  },
});

/** How long a look that went well is good for, in milliseconds. */
const LOOK_MS = 1_000;

/** A look writes a row, which has its price: several balancers that ask at short intervals share one. */
const shared = (look: () => Promise<void>): (() => Promise<void>) => {
  let last: { readonly at: number; readonly done: Promise<void> } | undefined;
  return () => {
    const at = performance.now();
    if (last !== undefined && at - last.at < LOOK_MS) return last.done;
    const done = look();
    last = { at, done };
    done.catch(() => {
      last = undefined;
    });
    return done;
  };
};

/** The table of connections as the guides have it, beside the rows that the nodes go by. */
const mirrorOf = ({ connections }: DynamoStore, { clock }: BackingOptions): ConnectionMirror => ({
  put: ({ connectionId, userId, connectedAt }) =>
    connections.put({ connectionId, userId, createdAt: connectedAt }, toSeconds(clock.now()) + ROW_SECONDS),
  delete: (connectionId) => connections.delete(connectionId),
});

/** Opens the store on DynamoDB, or says in one line why it cannot be; its libraries are loaded only here. */
export const openDynamoDb = async (
  config: Config,
  connectionsTable: string,
  options: BackingOptions,
): Promise<Tables> => {
  const { dynamoSettings, DynamoUnavailable, openDynamo, TableError } = await import('@aideals/store/dynamodb');
  const { clock } = options;
  const read = dynamoSettings({
    CONNECTIONS_TABLE: connectionsTable,
    SUBSCRIPTIONS_TABLE: config.subscriptionsTable,
    AIDEALS_TABLE: config.aidealsTable,
    AWS_REGION: config.awsRegion ?? config.region,
    AWS_ENDPOINT_URL_DYNAMODB: config.dynamoEndpoint,
  });
  if (!read.ok) throw new StartError(read.problems.join('\n'));
  const { settings } = read;
  const where = settings.endpoint ?? settings.region;
  try {
    const store = await openDynamo({
      ...settings,
      clock,
      retentionSeconds: config.retentionEventsSeconds,
      completedIs: 'replayed',
    });
    return {
      table: store.table,
      limiter: orOwn(store.limiter, memoryLimiter(clock)),
      log: () => store.streams(),
      place: `${settings.tables.aideals} at ${where}`,
      mirror: mirrorOf(store, options),
      names: { dynamodb: where, table: settings.tables.aideals },
      checks: { dynamodb: shared(async () => store.table.check()) },
      stats: () => NO_STATS,
      close: async () => store.close(),
    };
  } catch (error) {
    if (error instanceof TableError) throw new StartError(error.message, error);
    if (!(error instanceof DynamoUnavailable)) throw error;
    const variable = settings.endpoint === undefined ? 'AWS_REGION' : 'AWS_ENDPOINT_URL_DYNAMODB';
    throw new StartError(`${variable}: DynamoDB at ${where} does not answer: ${error.message}`, error);
  }
};
