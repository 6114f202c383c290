import type { Limiter, Streams, Table } from '@aideals/core';
import { type ClientOptions, DynamoClient } from './client.js';
import { type ConnectionRows, connectionRows } from './connection-rows.js';
import { dynamoLimiter } from './limiter.js';
import type { LogOptions } from './log/open-log.js';
import { dynamoStreams } from './log/streams.js';
import { dynamoTable } from './table.js';
import { checkTables } from './tables.js';

export interface DynamoOptions extends ClientOptions, LogOptions {}

export interface DynamoStore {
  readonly client: DynamoClient;
  readonly table: Table;
  readonly limiter: Limiter;
  readonly connections: ConnectionRows;
  /** The log on DynamoDB, opened at the first call: where there is Redis, the log is there, and this is not called. */
  streams(): Promise<Streams>;
  /** Looks whether the tables are there and fit. Throws a `TableError`, or a `DynamoUnavailable`. */
  check(): Promise<void>;
  /** Frees the sockets. What was confirmed is stored: there is nothing to flush. */
  close(): void;
}

/**
 * Opens the store on DynamoDB. Throws a `TableError` with one line where a table is missing or not fit, and a
 * `DynamoUnavailable` where DynamoDB does not answer in time.
 */
export const openDynamo = async (options: DynamoOptions): Promise<DynamoStore> => {
  const client = new DynamoClient(options);
  const check = async (): Promise<void> => {
    await checkTables(client);
  };
  try {
    await check();
  } catch (error) {
    client.close();
    throw error;
  }
  let log: Promise<Streams> | undefined;
  const openLog = (): Promise<Streams> => {
    const opening = dynamoStreams(client, options);
    // One that failed is tried again.
    opening.catch(() => {
      log = undefined;
    });
    return opening;
  };
  return {
    client,
    table: dynamoTable(client, options.clock),
    limiter: dynamoLimiter(client, options.clock),
    connections: connectionRows(client),
    streams: () => (log ??= openLog()),
    check,
    close: () => client.close(),
  };
};
