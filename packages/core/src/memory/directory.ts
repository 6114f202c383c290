import type { Filters, JsonObject } from '@aideals/protocol';
import type {
  Candidate,
  Changed,
  ConnectionRecord,
  Directory,
  RecordPatch,
  Subscribed,
  Subscription,
} from '../ports/index.js';
import { type Group, Topics } from './topics.js';

/** A subscription, and those who asked for the same, so that leaving needs no search. */
interface Placed {
  readonly subscription: Subscription;
  readonly group: Group;
}

interface Entry {
  record: ConnectionRecord;
  /** The hand-over mark. */
  mark: string | undefined;
  /** By subscription id. */
  readonly subscriptions: Map<string, Placed>;
}

/** Equal filters on one topic are one subscription of a connection: the one that it has there. */
const ofGroup = (entry: Entry, connectionId: string, group: Group): Subscription | undefined => {
  if (!group.has(connectionId)) return undefined;
  for (const placed of entry.subscriptions.values()) if (placed.group === group) return placed.subscription;
  return undefined;
};

/** A `Directory` in memory: the one of a node, whose connections die with it. It answers at once. */
export const memoryDirectory = () => {
  const entries = new Map<string, Entry>();
  const users = new Map<string, Set<Entry>>();
  const topics = new Topics();

  const close = (connectionId: string): boolean => {
    const entry = entries.get(connectionId);
    if (entry === undefined) return false;
    entries.delete(connectionId);
    const { userId } = entry.record;
    const ofUser = users.get(userId);
    ofUser?.delete(entry);
    if (ofUser?.size === 0) users.delete(userId);
    for (const { group } of entry.subscriptions.values()) topics.remove(connectionId, group);
    return true;
  };

  return {
    open(record: ConnectionRecord, mark: string): void {
      close(record.connectionId);
      const entry: Entry = { record, mark, subscriptions: new Map() };
      entries.set(record.connectionId, entry);
      const ofUser = users.get(record.userId) ?? new Set();
      users.set(record.userId, ofUser.add(entry));
    },

    get: (connectionId: string): ConnectionRecord | undefined => entries.get(connectionId)?.record,

    patch(connectionId: string, patch: RecordPatch): void {
      const entry = entries.get(connectionId);
      if (entry !== undefined) entry.record = { ...entry.record, ...patch };
    },

    close,

    ofUser: (userId: string): readonly ConnectionRecord[] =>
      Array.from(users.get(userId) ?? [], ({ record }) => record),

    count: (): number => entries.size,

    mark(connectionId: string, mark: string): void {
      const entry = entries.get(connectionId);
      if (entry !== undefined) entry.mark = mark;
    },

    markOf: (connectionId: string): string | undefined => entries.get(connectionId)?.mark,

    remark(connectionId: string, mark: string): boolean {
      const entry = entries.get(connectionId);
      if (entry?.mark === undefined) return false;
      entry.mark = mark;
      return true;
    },

    unmark(connectionId: string, mark: string): boolean {
      const entry = entries.get(connectionId);
      if (entry === undefined || entry.mark !== mark) return false;
      entry.mark = undefined;
      return true;
    },

    subscribe(connectionId: string, subscription: Subscription, max: number): Subscribed {
      const entry = entries.get(connectionId);
      if (entry === undefined) return { outcome: 'gone' };
      const group = topics.group(subscription);
      const present = ofGroup(entry, connectionId, group);
      if (present !== undefined) return { outcome: 'present', subscription: present };
      if (entry.subscriptions.size >= max) return { outcome: 'full' };
      entry.subscriptions.set(subscription.subscriptionId, { subscription, group });
      topics.add(connectionId, group);
      return { outcome: 'created', subscription };
    },

    unsubscribe(connectionId: string, subscriptionId: string): Subscription | undefined {
      const entry = entries.get(connectionId);
      const placed = entry?.subscriptions.get(subscriptionId);
      if (entry === undefined || placed === undefined) return undefined;
      entry.subscriptions.delete(subscriptionId);
      topics.remove(connectionId, placed.group);
      return placed.subscription;
    },

    change(connectionId: string, subscriptionId: string, filters: Filters): Changed {
      const entry = entries.get(connectionId);
      const placed = entry?.subscriptions.get(subscriptionId);
      if (entry === undefined || placed === undefined) return { outcome: 'unknown' };
      const subscription = { ...placed.subscription, filters };
      const group = topics.group(subscription);
      if (group === placed.group) return { outcome: 'changed', subscription: placed.subscription };
      const present = ofGroup(entry, connectionId, group);
      if (present === undefined) {
        topics.add(connectionId, group);
        entry.subscriptions.set(subscriptionId, { subscription, group });
      } else entry.subscriptions.delete(subscriptionId);
      topics.remove(connectionId, placed.group);
      return present === undefined
        ? { outcome: 'changed', subscription }
        : { outcome: 'merged', subscription: present };
    },

    subscriptions: (connectionId: string): readonly Subscription[] =>
      Array.from(entries.get(connectionId)?.subscriptions.values() ?? [], ({ subscription }) => subscription),

    candidates: (topic: string, attributes: JsonObject): Iterable<Candidate> => topics.candidates(topic, attributes),

    /** The connections that have a subscription. */
    subscribers: (): string[] =>
      Array.from(entries).flatMap(([id, { subscriptions }]) => (subscriptions.size > 0 ? [id] : [])),

    records: (): ConnectionRecord[] => Array.from(entries.values(), ({ record }) => record),

    /** How many topics and distinct filters are kept. */
    sizes: (): { topics: number; groups: number } => topics.sizes(),
  } satisfies Directory & Record<string, unknown>;
};
