import { createHash } from 'node:crypto';
import type { Item } from '../client.js';

/** API Gateway ends every connection after two hours; a row lives a little longer, and no row outlives it for long. */
const CONNECTION_SECONDS = 7_500;

export const CONNECTION = 'connection';
const SUBSCRIPTION = 'sub#';

/** The partition of all that is known of one connection: its row, and a row for each of its subscriptions. */
export const connectionPk = (connectionId: string): string => `conn#${connectionId}`;

export const connectionKey = (connectionId: string): { pk: string; sk: string } => ({
  pk: connectionPk(connectionId),
  sk: CONNECTION,
});

export const userPk = (userId: string): string => `user#${userId}`;

/** One row for each distinct filter of a topic. A topic holds no `#`. */
export const filtersPk = (topic: string): string => `filters#${topic}`;

/** Where a connection keeps what it asked for: the same wish has the same key. */
export const wishSk = (topic: string, hash: string): string => `${SUBSCRIPTION}${topic}#${hash}`;

export const isWish = (item: Item): boolean => String(item['sk']).startsWith(SUBSCRIPTION);

/** The partition of `SUBSCRIPTIONS_TABLE` that holds a part of those who asked for the same. */
export const partitionPk = (topic: string, hash: string, shard: number): string => `${topic}#${hash}#${shard}`;

export const subscriptionSk = (connectionId: string, subscriptionId: string): string =>
  `${connectionId}#${subscriptionId}`;

/** The same for equal filters, given in their canonical form. */
export const filterHash = (canonical: string): string =>
  createHash('sha256').update(canonical).digest('base64url').slice(0, 22);

export const shardOf = (connectionId: string, shards: number): number =>
  shards === 1 ? 0 : createHash('sha256').update(connectionId).digest().readUInt32BE(0) % shards;

/** In Unix seconds, from Unix milliseconds. */
export const endOfConnection = (connectedAt: number): number => Math.floor(connectedAt / 1000) + CONNECTION_SECONDS;

/** DynamoDB deletes expired items days later: until then they are passed over. `now` is in Unix seconds. */
export const isLive = (item: Item | undefined, now: number): item is Item =>
  item !== undefined && (item['ttl'] as number) > now;
