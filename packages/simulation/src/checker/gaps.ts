import type { JsonObject } from '@aideals/protocol';
import type { Conn, Sub } from './conn.js';
import { must } from './law.js';
import type { Seen } from './trace.js';
import { goesTo, type Known, wasThere } from './truth.js';
import type { View } from './view.js';

/** The index of the first event behind an offset. */
const firstBehind = (events: readonly Known[], offset: number): number => {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as Known).offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
};

type Wish = Pick<Sub, 'topic' | 'filters'>;

/** What a subscribe asks for. */
export const wishOf = (data: JsonObject): Wish => ({
  topic: (data['topic'] ?? 'all-deals') as string,
  filters: (data['filters'] ?? {}) as JsonObject,
});

/** What was asked for and not answered yet: it may be served already. */
export const askedOf = ({ subs, pending }: Conn): readonly Wish[] =>
  pending.flatMap(({ request: { action, data } }) => {
    if (action === 'subscribeToDeals') return [wishOf(data)];
    const changed = action === 'updateSubscription' ? subs.get(data['subscriptionId'] as string) : undefined;
    return changed === undefined ? [] : [{ topic: changed.topic, filters: data['filters'] as JsonObject }];
  });

/** All that a connection ever asked for, confirmed or not yet. */
const wishesOf = (conn: Conn): readonly Wish[] => [...conn.wishes, ...askedOf(conn)];

/** Whether an event goes to a subscription by each of the filters that it had. */
const goesToAll = (known: Known, { topic, filters, former = [] }: Pick<Sub, 'topic' | 'filters' | 'former'>): boolean =>
  [filters, ...former].every((each) => goesTo(known, { topic, filters: each }));

/** Whether it goes by any of them. */
export const goesToAny = (known: Known, { topic, filters, former = [] }: Sub): boolean =>
  [filters, ...former].some((each) => goesTo(known, { topic, filters: each }));

/** A newer event of the same key that goes to a connection lets an older one be taken out of its outbox. */
const isOutdated = (view: View, conn: Conn, known: Known): boolean =>
  known.key !== undefined &&
  view.truth.events.some(
    (other) =>
      other.key === known.key &&
      other.offset > known.offset &&
      wasThere(view.truth, other, conn.life) &&
      wishesOf(conn).some((wish) => goesTo(other, wish)),
  );

export interface Stretch {
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly to: number;
  /** The ids that came. */
  readonly came: ReadonlySet<string>;
  /** Only events that were known before this point of the trace. */
  readonly knownBefore?: number;
}

/** Every event of a stretch that a subscription asks for must have come, or be conflated. */
export const allCame = (view: View, conn: Conn, sub: Sub, stretch: Stretch, item: Seen): void => {
  const { after, to, came, knownBefore = Number.POSITIVE_INFINITY } = stretch;
  const { events } = view.truth;
  for (let i = firstBehind(events, after); i < events.length; i++) {
    const known = events[i] as Known;
    if (known.offset > to) return;
    if (came.has(known.id) || known.first >= knownBefore) continue;
    if (!wasThere(view.truth, known, conn.life) || !goesToAll(known, sub)) continue;
    const missed = () => `${conn.id} never got ${known.id} (${known.tag}) for ${sub.id} on ${sub.topic}`;
    must('every gap is told', isOutdated(view, conn, known), missed, item);
    conn.missing.add(known.id);
  }
};

/** Whatever is missing was told in `conflated`. */
export const conflationTold = (conn: Conn, item: Seen): void => {
  const untold = () => `${conn.id} misses ${conn.missing.size} events and was told of ${conn.conflated}`;
  must('every gap is told', conn.missing.size <= conn.conflated, untold, item);
};
