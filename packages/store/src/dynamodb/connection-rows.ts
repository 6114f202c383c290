import { toSeconds } from '@aideals/core';
import type { DynamoClient } from './client.js';

/** No connection lives for longer: two hours, as API Gateway has it, and five minutes. */
const CONNECTION_SECONDS = 2 * 3_600 + 300;

/** A row of `CONNECTIONS_TABLE`. */
export interface ConnectionRow {
  readonly connectionId: string;
  readonly userId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Who is connected, for operators and for code that reads the table: nothing here decides by these rows. */
export interface ConnectionRows {
  /** `ttl` is in Unix seconds; 2 hours and 5 minutes after `createdAt` where it is left out. */
  put(row: ConnectionRow, ttl?: number): Promise<void>;
  /** Whether it is there or not. */
  delete(connectionId: string): Promise<void>;
  deleteMany(connectionIds: readonly string[]): Promise<void>;
}

export const connectionRows = (client: DynamoClient): ConnectionRows => {
  const TableName = client.tables.connections;
  return {
    async put({ connectionId, userId, createdAt }, ttl = toSeconds(createdAt) + CONNECTION_SECONDS) {
      await client.put({ TableName, Item: { connectionId, userId, createdAt, ttl } });
    },
    async delete(connectionId) {
      await client.delete({ TableName, Key: { connectionId } });
    },
    async deleteMany(connectionIds) {
      const writes = [...new Set(connectionIds)].map((connectionId) => ({ delete: { connectionId } }));
      await client.batchWrite(TableName, writes);
    },
  };
};
