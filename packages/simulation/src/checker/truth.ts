import type { JsonObject } from '@aideals/protocol';
import { asksFor, hears } from './filters.js';
import { offsetOf, placeOf } from './ids.js';
import type { Seen, Wire } from './trace.js';

/** What a publisher said, by the tag that it put into `data`. */
export interface Published {
  readonly type: string;
  readonly topic: string;
  readonly data: JsonObject;
  readonly filters: JsonObject | undefined;
  readonly key: string | undefined;
  /** How often it was sent. */
  attempts: number;
  readonly firstCall: number;
  /** The lowest clock since the first call: the event is younger than that. */
  at: number;
}

/** An event whose id someone was told. */
export interface Known {
  readonly id: string;
  readonly epoch: string;
  readonly offset: number;
  readonly tag: string;
  readonly said: Published;
  /** Where in the trace it was first told. */
  readonly first: number;
  /** Events of one key may be conflated. */
  readonly key: string | undefined;
}

interface PublishBody {
  readonly messageType?: string;
  readonly topic?: string;
  readonly data: JsonObject;
  readonly filters?: JsonObject;
}

export const tagOf = (data: JsonObject): string => String(data['tag']);

export const publishBodies = (body: string): readonly PublishBody[] => {
  const parsed = JSON.parse(body) as PublishBody | PublishBody[];
  return Array.isArray(parsed) ? parsed : [parsed];
};

export const idsIn = (body: string | undefined): readonly string[] => {
  const parsed = JSON.parse(body ?? 'null') as { id: string } | { id: string }[];
  return (Array.isArray(parsed) ? parsed : [parsed]).map(({ id }) => id);
};

const conflationKey = ({ type, data }: Published): string | undefined => {
  const names = type === 'dealUpdate' ? ['dealId', 'id'] : type === 'priceUpdate' ? ['productId'] : [];
  const name = names.find((field) => data[field] !== undefined && data[field] !== null);
  return name === undefined ? undefined : `${type} ${String(data[name])}`;
};

/** All that a whole trace tells of the log. */
export interface Truth {
  readonly published: ReadonlyMap<string, Published>;
  /** In the order of their offsets. */
  readonly events: readonly Known[];
  readonly byId: ReadonlyMap<string, Known>;
  /** In which life of the server each epoch began; the first is 1. */
  readonly lives: ReadonlyMap<string, number>;
  /** The log at the end, by offset; undefined where no auditor read it. */
  readonly final: ReadonlyMap<number, Known> | undefined;
  /** The first offset that is in it, past the end where none is, and the last offset that was given. */
  readonly finalBegin: number;
  readonly finalEnd: number;
}

const publishedIn = (trace: readonly Seen[]): Map<string, Published> => {
  const published = new Map<string, Published>();
  for (const item of trace) {
    if (item.kind === 'clock') for (const said of published.values()) said.at = Math.min(said.at, item.clock);
    if (item.kind !== 'called' || item.name !== 'broadcast' || item.body === undefined) continue;
    for (const { messageType = 'dealUpdate', topic = 'all-deals', data, filters } of publishBodies(item.body)) {
      const before = published.get(tagOf(data));
      if (before !== undefined) before.attempts += 1;
      else {
        published.set(tagOf(data), {
          type: messageType,
          topic,
          data,
          filters,
          key: item.key,
          attempts: 1,
          firstCall: item.index,
          at: item.clock,
        });
      }
    }
  }
  return published;
};

const eventsIn = (trace: readonly Seen[], published: ReadonlyMap<string, Published>): Map<string, Known> => {
  const byId = new Map<string, Known>();
  const tell = (id: string, tag: string, first: number): void => {
    const said = published.get(tag);
    if (byId.has(id) || said === undefined) return;
    byId.set(id, { id, ...placeOf(id), tag, said, first, key: conflationKey(said) });
  };
  const bodies = new Map<number, string>();
  for (const item of trace) {
    if (item.kind === 'received' && item.wire.id !== undefined) tell(item.wire.id, tagOf(item.wire.data), item.index);
    else if (item.kind === 'called' && item.name === 'broadcast') bodies.set(item.call, item.body ?? '');
    else if (item.kind === 'answered' && item.status === 200 && bodies.has(item.call)) {
      const tags = publishBodies(bodies.get(item.call) as string).map(({ data }) => tagOf(data));
      idsIn(item.body).forEach((id, i) => {
        tell(id, tags[i] as string, item.index);
      });
    }
  }
  return byId;
};

interface FinalLog {
  readonly events: Map<number, Known>;
  /** The first offset that is there, and the last one that was given. */
  begin: number;
  end: number;
  /** How many topics it was read of, to the end. */
  read: number;
}

/** The log as the auditors of the last life read it. */
const finalLog = (trace: readonly Seen[], byId: ReadonlyMap<string, Known>): FinalLog | undefined => {
  const auditors = new Set<string>();
  let final: FinalLog | undefined;
  const read = ({ id, type, data }: Wire): void => {
    if (type === 'subscriptionConfirmed') {
      final ??= { events: new Map(), begin: 1, end: 0, read: 0 };
      const lost = data['lost'] as { oldest: string | null } | undefined;
      const begin = lost?.oldest === null ? Number.POSITIVE_INFINITY : offsetOf(lost?.oldest ?? '-1');
      final.begin = Math.max(final.begin, begin);
    }
    if (final === undefined) return;
    if (type === 'subscriptionRecovered') {
      final.end = Math.max(final.end, offsetOf(data['lastEventId'] as string));
      final.read += 1;
    }
    const known = id === undefined ? undefined : byId.get(id);
    if (known !== undefined) final.events.set(known.offset, known);
  };
  for (const item of trace) {
    if (item.kind === 'dial' && item.role === 'audit') auditors.add(item.conn);
    else if (item.kind === 'received' && auditors.has(item.conn)) read(item.wire);
  }
  return (final?.read ?? 0) < 2 ? undefined : final;
};

export const gather = (trace: readonly Seen[]): Truth => {
  const published = publishedIn(trace);
  const byId = eventsIn(trace, published);
  const final = finalLog(trace, byId);
  const lives = new Map<string, number>();
  for (const item of trace) if (item.kind === 'started') lives.set(item.epoch, lives.size + 1);
  return {
    published,
    events: [...byId.values()].sort((a, b) => a.offset - b.offset || a.first - b.first),
    byId,
    lives,
    final: final?.events,
    finalBegin: final?.begin ?? 1,
    finalEnd: final?.end ?? 0,
  };
};

/** Whether an event goes to a subscription. */
export const goesTo = (known: Known, { topic, filters }: { topic: string; filters: JsonObject }): boolean =>
  hears(topic, known.said.topic) && asksFor(filters, known.said.data, known.said.filters);

/**
 * Whether an event was there for a connection in this life of the server: it was published in it, or before it and
 * survived. What was lost in a crash, or trimmed since, is asked of nobody but in its own life.
 */
export const wasThere = (truth: Truth, known: Known, life: number): boolean => {
  const born = truth.lives.get(known.epoch);
  if (born === undefined || born > life) return false;
  return born === life || truth.final?.get(known.offset)?.id === known.id;
};
