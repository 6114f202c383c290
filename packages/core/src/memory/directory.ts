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
  /** Few for each connection: a list takes a fraction of a map. */
  readonly subscriptions: Placed[];
}

/** The connections of a user: most have one, which needs no collection. */
type OfUser = Entry | Set<Entry>;

const placedAs = ({ subscriptions }: Entry, subscriptionId: string): number =>
  subscriptions.findIndex(({ subscription }) => subscription.subscriptionId === subscriptionId);

/** Equal filters on one topic are one subscription of a connection: the one that it has there. */
const ofGroup = (entry: Entry, connectionId: string, group: Group): Subscription | undefined => {
  if (!group.has(connectionId)) return undefined;
  return entry.subscriptions.find((placed) => placed.group === group)?.subscription;
};

/** A `Directory` in memory: the one of a node, whose connections die with it. It answers at once. */
export const memoryDirectory = () => {
  const entries = new Map<string, Entry>();
  const users = new Map<string, OfUser>();
  const topics = new Topics();

  const join = (userId: string, entry: Entry): void => {
    const others = users.get(userId);
    if (others === undefined) users.set(userId, entry);
    else if (others instanceof Set) others.add(entry);
    else users.set(userId, new Set([others, entry]));
  };

  const leave = (userId: string, entry: Entry): void => {
    const all = users.get(userId);
    if (all === entry) users.delete(userId);
    else if (all instanceof Set && all.delete(entry) && all.size === 0) users.delete(userId);
  };

  const ofUser = (userId: string): readonly ConnectionRecord[] => {
    const all = users.get(userId);
    if (all === undefined) return [];
    return all instanceof Set ? Array.from(all, ({ record }) => record) : [all.record];
  };

  const close = (connectionId: string): boolean => {
    const entry = entries.get(connectionId);
    if (entry === undefined) return false;
    entries.delete(connectionId);
    leave(entry.record.userId, entry);
    for (const { group } of entry.subscriptions) topics.remove(connectionId, group);
    return true;
  };

  return {
    open(record: ConnectionRecord, mark: string): void {
      close(record.connectionId);
      const entry: Entry = { record, mark, subscriptions: [] };
      entries.set(record.connectionId, entry);
      join(record.userId, entry);
    },

    get: (connectionId: string): ConnectionRecord | undefined => entries.get(connectionId)?.record,

    patch(connectionId: string, patch: RecordPatch): void {
      const entry = entries.get(connectionId);
      if (entry !== undefined) entry.record = { ...entry.record, ...patch };
    },

    close,

    ofUser,

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
      if (entry.subscriptions.length >= max) return { outcome: 'full' };
      entry.subscriptions.push({ subscription, group });
      topics.add(connectionId, group);
      return { outcome: 'created', subscription };
    },

    unsubscribe(connectionId: string, subscriptionId: string): Subscription | undefined {
      const entry = entries.get(connectionId);
      const at = entry === undefined ? -1 : placedAs(entry, subscriptionId);
      const [placed] = at < 0 ? [] : (entry?.subscriptions.splice(at, 1) ?? []);
      if (placed === undefined) return undefined;
      topics.remove(connectionId, placed.group);
      return placed.subscription;
    },

    change(connectionId: string, subscriptionId: string, filters: Filters): Changed {
      const entry = entries.get(connectionId);
      const at = entry === undefined ? -1 : placedAs(entry, subscriptionId);
      const placed = entry?.subscriptions[at];
      if (entry === undefined || placed === undefined) return { outcome: 'unknown' };
      const subscription = { ...placed.subscription, filters };
      const group = topics.group(subscription);
      if (group === placed.group) return { outcome: 'changed', subscription: placed.subscription };
      const present = ofGroup(entry, connectionId, group);
      if (present === undefined) {
        topics.add(connectionId, group);
        entry.subscriptions[at] = { subscription, group };
      } else entry.subscriptions.splice(at, 1);
      topics.remove(connectionId, placed.group);
      return present === undefined
        ? { outcome: 'changed', subscription }
        : { outcome: 'merged', subscription: present };
    },

    subscriptions: (connectionId: string): readonly Subscription[] =>
      (entries.get(connectionId)?.subscriptions ?? []).map(({ subscription }) => subscription),

    candidates: (topic: string, attributes: JsonObject): Iterable<Candidate> => topics.candidates(topic, attributes),

    /** The connections that have a subscription. */
    subscribers: (): string[] =>
      Array.from(entries).flatMap(([id, { subscriptions }]) => (subscriptions.length > 0 ? [id] : [])),

    records: (): ConnectionRecord[] => Array.from(entries.values(), ({ record }) => record),

    /** How many topics and distinct filters are kept. */
    sizes: (): { topics: number; groups: number } => topics.sizes(),
  } satisfies Directory & Record<string, unknown>;
};
