import type { JsonObject } from '@aideals/protocol';
import type { Candidate, ConnectionRecord, Directory, RecordPatch, Subscribed, Subscription } from '../ports/index.js';
import { type Placed, Topics, wishOf } from './topics.js';

interface Entry {
  record: ConnectionRecord;
  /** The hand-over mark. */
  mark: string | undefined;
  /** By subscription id, and again by what is wished for: equal wishes are one subscription. */
  readonly subscriptions: Map<string, Placed>;
  readonly wishes: Map<string, Subscription>;
}

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
    for (const placed of entry.subscriptions.values()) topics.remove(connectionId, placed);
    return true;
  };

  return {
    open(record: ConnectionRecord, mark: string): void {
      close(record.connectionId);
      const entry: Entry = { record, mark, subscriptions: new Map(), wishes: new Map() };
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
      const wish = wishOf(subscription);
      const present = entry.wishes.get(wish);
      if (present !== undefined) return { outcome: 'present', subscription: present };
      if (entry.subscriptions.size >= max) return { outcome: 'full' };
      const placed = { subscription, wish };
      entry.subscriptions.set(subscription.subscriptionId, placed);
      entry.wishes.set(wish, subscription);
      topics.add(connectionId, placed);
      return { outcome: 'created', subscription };
    },

    unsubscribe(connectionId: string, subscriptionId: string): Subscription | undefined {
      const entry = entries.get(connectionId);
      const placed = entry?.subscriptions.get(subscriptionId);
      if (entry === undefined || placed === undefined) return undefined;
      entry.subscriptions.delete(subscriptionId);
      entry.wishes.delete(placed.wish);
      topics.remove(connectionId, placed);
      return placed.subscription;
    },

    subscriptions: (connectionId: string): readonly Subscription[] =>
      Array.from(entries.get(connectionId)?.subscriptions.values() ?? [], ({ subscription }) => subscription),

    candidates: (topic: string, _attributes: JsonObject): Iterable<Candidate> => topics.candidates(topic),

    /** The connections that have a subscription. */
    subscribers: (): string[] =>
      Array.from(entries).flatMap(([id, { subscriptions }]) => (subscriptions.size > 0 ? [id] : [])),

    records: (): ConnectionRecord[] => Array.from(entries.values(), ({ record }) => record),

    /** How many topics and distinct filters are kept. */
    sizes: (): { topics: number; groups: number } => topics.sizes(),
  } satisfies Directory & Record<string, unknown>;
};
