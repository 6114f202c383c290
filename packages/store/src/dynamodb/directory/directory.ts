import type { Candidate, Clock, ConnectionRecord, Directory, Matcher, RecordPatch } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import { Connections, type Loaded } from './connections.js';
import { FilterRows, type MatchedFilter } from './filter-rows.js';
import { inParallel } from './in-parallel.js';
import { isLive, partitionPk } from './keys.js';
import { Subscriptions } from './subscriptions.js';

type Attributes = Parameters<Matcher>[0];

/** Rows of one partition past which those who ask for the same are spread over more. */
const CROWDED = 1_000;
const READS_AT_ONCE = 32;

/** A `Directory` whose connections outlive the process that serves them, and which knows how far a hand-over is. */
export interface SleepingDirectory extends Directory {
  /** The record, and whether the hand-over is still to be begun, in one read. */
  load(connectionId: string): Promise<Loaded | undefined>;
  /** True for one of those who ask, and again for the same one. */
  beginHandover(connectionId: string, by: string): Promise<boolean>;
  /** Leaves a hand-over that could not be done to the next who comes. */
  leaveHandover(connectionId: string, by: string): Promise<void>;
}

export interface DirectoryOptions {
  /** Told of each connection once, by whoever deleted its row. */
  readonly closed?: (record: Pick<ConnectionRecord, 'connectionId' | 'userId' | 'connectedAt'>) => void;
}

/** A `Directory` on DynamoDB, for functions that share nothing else. All its reads are strong. */
export const dynamoDirectory = (
  client: DynamoClient,
  clock: Clock,
  { closed = () => undefined }: DirectoryOptions = {},
): SleepingDirectory => {
  const connections = new Connections(client, clock, closed);
  const filters = new FilterRows(client, clock);
  const subscriptions = new Subscriptions(client, clock, filters);

  /** One part of those who asked for the same: whose token is past its time is sent nothing. */
  const partition = async (pk: string): Promise<{ readonly ids: readonly string[]; readonly rows: number }> => {
    const rows = await client.queryAll({
      TableName: client.tables.subscriptions,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ProjectionExpression: 'connectionId, tokenExp, #ttl',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
    });
    const now = connections.now();
    const live = rows.filter((row) => isLive(row, now) && (row['tokenExp'] as number) > now);
    return { ids: live.map(({ connectionId }) => connectionId as string), rows: rows.length };
  };

  const candidates = async (topic: string, attributes: Attributes): Promise<Candidate[]> => {
    const matched = await filters.matching(topic, attributes);
    const parts = matched.flatMap((filter) =>
      Array.from({ length: filter.shards }, (_, shard) => ({ filter, pk: partitionPk(topic, filter.hash, shard) })),
    );
    const read = await inParallel(parts, READS_AT_ONCE, ({ pk }) => partition(pk));
    const ids = new Map<MatchedFilter, string[]>();
    const crowded = new Set<MatchedFilter>();
    for (const [i, { filter }] of parts.entries()) {
      const { ids: found, rows } = read[i] as Awaited<ReturnType<typeof partition>>;
      ids.set(filter, (ids.get(filter) ?? []).concat(found));
      if (rows > CROWDED) crowded.add(filter);
    }
    await inParallel([...crowded], READS_AT_ONCE, (filter) => filters.double(filter));
    return Array.from(ids, ([{ matcher }, connectionIds]) => ({ matcher, connectionIds }));
  };

  return {
    shared: true,
    open: (record, mark) => connections.open(record, mark),
    get: (connectionId) => connections.get(connectionId),
    load: (connectionId) => connections.load(connectionId),
    beginHandover: (connectionId, by) => connections.beginHandover(connectionId, by),
    leaveHandover: (connectionId, by) => connections.leaveHandover(connectionId, by),

    async patch(connectionId: string, patch: RecordPatch): Promise<void> {
      const record = await connections.patch(connectionId, patch);
      if (record !== undefined && patch.tokenExp !== undefined) await subscriptions.refresh(record);
    },

    async close(connectionId: string): Promise<boolean> {
      const wasOpen = await connections.close(connectionId);
      // Also where it was not: whoever deleted the row may have been cut off before the rest.
      await subscriptions.forget(connectionId);
      return wasOpen;
    },

    ofUser: (userId: string): Promise<readonly ConnectionRecord[]> => connections.ofUser(userId),
    count: () => connections.count(),
    mark: (connectionId, mark) => connections.mark(connectionId, mark),
    markOf: (connectionId) => connections.markOf(connectionId),
    remark: (connectionId, mark) => connections.remark(connectionId, mark),
    unmark: (connectionId, mark) => connections.unmark(connectionId, mark),
    subscribe: (connectionId, subscription, max) => subscriptions.subscribe(connectionId, subscription, max),
    unsubscribe: (connectionId, subscriptionId) => subscriptions.unsubscribe(connectionId, subscriptionId),
    change: (connectionId, subscriptionId, wanted) => subscriptions.change(connectionId, subscriptionId, wanted),
    subscriptions: (connectionId) => subscriptions.of(connectionId),
    candidates,
  };
};
