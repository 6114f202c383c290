export { type BatchWrite, type ClientOptions, DynamoClient, type Item, type Written } from './client.js';
export { type CreateOptions, type Creation, createTables } from './create-tables.js';
export { DynamoUnavailable } from './faults.js';
export { dynamoLimiter } from './limiter.js';
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
