import type { Clock, ConnectionRecord, Directory, RecordPatch } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import { Audience } from './audience.js';
import { Connections, type Loaded } from './connections.js';
import { FilterRows } from './filter-rows.js';
import { Subscriptions } from './subscriptions.js';

/** A `Directory` whose connections outlive the process that serves them, and which knows how far a hand-over is. */
export interface SleepingDirectory extends Directory {
  /** The record, and whether the hand-over is still to be begun, in one read. */
  load(connectionId: string): Promise<Loaded | undefined>;
  /** True for one of those who ask, and again for the same one. */
  beginHandover(connectionId: string, by: string): Promise<boolean>;
  /** Leaves a hand-over that could not be done to the next who comes. */
  leaveHandover(connectionId: string, by: string): Promise<void>;
  /**
   * What publishers read from here on serves until this is called again, which is to be done after each append: its events are
   * matched by one reading. Where it is never called, each event is matched by a reading of its own.
   */
  readAnew(): void;
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

  const audience = new Audience(client, filters, () => connections.now());

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
    candidates: (topic, attributes) => audience.candidates(topic, attributes),
    readAnew: () => audience.readAnew(),
  };
};
