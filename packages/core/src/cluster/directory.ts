import type { Filters, JsonObject } from '@aideals/protocol';
import type { Changed, ConnectionRecord, Directory, RecordPatch, Subscribed, Subscription } from '../ports/index.js';
import type { Channels } from './channels.js';
import type { Leases } from './leases.js';
import type { LocalDirectory } from './local-directory.js';
import type { Mailroom } from './mailroom.js';
import type { Registry } from './registry.js';

export interface ClusterDirectoryOptions {
  readonly nodeId: string;
  readonly local: LocalDirectory;
  readonly channels: Pick<Channels, 'retain' | 'release'>;
  /** Where the nodes share their users as well; left out where they share the log alone. */
  readonly shared?: { readonly mailroom: Mailroom; readonly registry: Registry; readonly leases: Leases };
}

/** What a patch changes of a row that other nodes read. What is `expired` matters to its own node alone. */
const isSeenByOthers = ({ tokenExp, scopes, rooms }: RecordPatch): boolean =>
  tokenExp !== undefined || scopes !== undefined || rooms !== undefined;

/**
 * The directory of a node in a cluster: its own connections and all subscriptions in memory, the connections of the other
 * nodes by the rows that these wrote, as long as their leases stand.
 */
export const clusterDirectory = ({ nodeId, local, channels, shared }: ClusterDirectoryOptions): Directory => {
  const isAlive = async (node: string): Promise<boolean> => shared !== undefined && (await shared.leases.isAlive(node));

  const close = (connectionId: string): boolean => {
    const record = local.get(connectionId);
    if (record === undefined) return false;
    for (const { topic } of local.subscriptions(connectionId)) channels.release(topic);
    local.close(connectionId);
    if (shared !== undefined) {
      shared.mailroom.leave(record.userId, connectionId);
      void shared.registry.remove(record);
    }
    return true;
  };

  return {
    shared: shared !== undefined,

    async open(record: ConnectionRecord, mark: string): Promise<void> {
      const { connectionId, userId } = record;
      close(connectionId);
      local.open(record, mark);
      if (shared === undefined) return;
      try {
        // What is sent from here on is heard: then the row, then the mailbox.
        await shared.mailroom.enter(userId, connectionId);
        await shared.registry.put(record);
      } catch (error) {
        close(connectionId);
        throw error;
      }
    },

    async get(connectionId: string): Promise<ConnectionRecord | undefined> {
      const own = local.get(connectionId);
      if (own !== undefined || shared === undefined) return own;
      const found = await shared.registry.get(connectionId);
      if (found === undefined || found.node === nodeId || !(await isAlive(found.node))) return undefined;
      return found.record;
    },

    patch(connectionId: string, patch: RecordPatch): void {
      local.patch(connectionId, patch);
      const record = local.get(connectionId);
      if (record === undefined || shared === undefined) return;
      if (patch.expired !== undefined) shared.mailroom.tokensChanged(record.userId);
      if (!isSeenByOthers(patch)) return;
      void shared.registry.putAll([record]);
    },

    close,

    async ofUser(userId: string): Promise<readonly ConnectionRecord[]> {
      const own = local.ofUser(userId);
      if (shared === undefined) return own;
      const others: ConnectionRecord[] = [];
      for (const { node, record } of await shared.registry.ofUser(userId)) {
        if (node === nodeId) continue;
        if (await isAlive(node)) others.push(record);
        else if (await shared.leases.isForgotten(node)) void shared.registry.remove(record);
      }
      return [...local.ofUser(userId), ...others];
    },

    count: () => local.count(),
    mark: (connectionId: string, mark: string) => local.mark(connectionId, mark),
    markOf: (connectionId: string) => local.markOf(connectionId),
    remark: (connectionId: string, mark: string) => local.remark(connectionId, mark),
    unmark: (connectionId: string, mark: string) => local.unmark(connectionId, mark),

    subscribe(connectionId: string, subscription: Subscription, max: number): Subscribed {
      const subscribed = local.subscribe(connectionId, subscription, max);
      if (subscribed.outcome === 'created') channels.retain(subscription.topic);
      return subscribed;
    },

    unsubscribe(connectionId: string, subscriptionId: string): Subscription | undefined {
      const ended = local.unsubscribe(connectionId, subscriptionId);
      if (ended !== undefined) channels.release(ended.topic);
      return ended;
    },

    change(connectionId: string, subscriptionId: string, filters: Filters): Changed {
      const changed = local.change(connectionId, subscriptionId, filters);
      if (changed.outcome === 'merged') channels.release(changed.subscription.topic);
      return changed;
    },

    subscriptions: (connectionId: string) => local.subscriptions(connectionId),
    candidates: (topic: string, attributes: JsonObject) => local.candidates(topic, attributes),
  };
};
