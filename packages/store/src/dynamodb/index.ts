export { type Answer, keptRequests } from '../aws/kept-requests.js';
export { createSigner, sha256 } from '../aws/signing.js';
export { type BatchWrite, type ClientOptions, DynamoClient, type Item, type Written } from './client.js';
export { type ConnectionRow, type ConnectionRows, connectionRows } from './connection-rows.js';
export { type CreateOptions, type Creation, createTables } from './create-tables.js';
export { dynamoDirectory, type SleepingDirectory } from './directory/directory.js';
export { DynamoUnavailable } from './faults.js';
export { dynamoLimiter } from './limiter.js';
export type { LogOptions } from './log/open-log.js';
export { dynamoStreams } from './log/streams.js';
export { type DynamoOptions, type DynamoStore, openDynamo } from './open.js';
export type { Patience } from './resilience.js';
export type { Billing } from './schema.js';
export {
  type DynamoSettings,
  dynamoSettings,
  type Environment,
  type ReadSettings,
  type TableNames,
  type TableRole,
} from './settings.js';
export { dynamoTable } from './table.js';
export { type CheckedTables, checkTables, TableError } from './tables.js';
