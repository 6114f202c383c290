import type { History, Interest, Reader, Sitting, Stretch } from './history.js';
import { isBefore, type Logs } from './logs.js';

/** All that came to a reader from its first promise on, once each and in the order of ids. */
const readerByIds = ({ name, interest, stretches }: Reader, logs: Logs): Reader => {
  const [first] = stretches;
  if (first === undefined) return { name, interest, stretches };
  const from = logs.placeOf(first.after);
  const ids = [...new Set(stretches.flatMap(({ ids }) => ids))];
  const places = new Map(ids.map((id) => [id, logs.placeOf(id)]));
  const kept = ids.filter((id) => isBefore(from, places.get(id) ?? from));
  kept.sort((a, b) => {
    const [one, other] = [places.get(a) ?? from, places.get(b) ?? from];
    return one.log - other.log || one.offset - other.offset;
  });
  const whole: Stretch = { asked: undefined, after: first.after, lost: undefined, ids: kept };
  return { name, interest: interest satisfies Interest, stretches: [whole] };
};

const sittingByIds = ({ user, openedAt, received }: Sitting): Sitting => {
  const seen = new Set<string>();
  const once = received.filter(({ messageId }) => !seen.has(messageId) && seen.add(messageId));
  return { user, openedAt, received: once };
};

/**
 * The history as somebody sees it who knows ids: what came twice came once, and events lie in the order of their ids, however
 * they came. A deployment of functions promises no more. Nothing that is missing is there afterwards, on whichever connection.
 */
export const byIds = (history: History, logs: Logs): History => ({
  ...history,
  readers: history.readers.map((reader) => readerByIds(reader, logs)),
  sittings: history.sittings.map(sittingByIds),
});
