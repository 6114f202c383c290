import type { Located, Streams } from '@aideals/core';
import type { Sends } from './sends.js';

/**
 * How far before the id given a resume begins: events of one log are sent by invocations that may overtake each other, so
 * that one which a client has not seen may lie before one that it has. Ids remove the doubles.
 */
export const OVERTAKEN_MS = 60_000;

/** The event at an offset, where it is there. */
const timeAt = async (streams: Streams, offset: number): Promise<number | undefined> =>
  (await streams.read({ after: offset - 1, until: offset, limit: 1 })).events[0]?.at;

/** The last offset of a range whose event came before a time; `low` is one. Times grow with offsets, but for clocks that differ. */
const lastBefore = async (streams: Streams, low: number, high: number, time: number): Promise<number> => {
  let [before, after] = [low, high];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    const at = await timeAt(streams, middle);
    if (at !== undefined && at >= time) after = middle;
    else before = middle;
  }
  return before;
};

/** An offset behind which all events are that came in the last milliseconds before the one given, and no trimmed one. */
export const earlier = async (streams: Streams, offset: number, ms: number): Promise<number> => {
  const from = offset < 1 ? undefined : await timeAt(streams, offset);
  if (from === undefined) return offset;
  let after = offset;
  for (let step = 1; after > 0; step *= 2) {
    const next = Math.max(0, after - step);
    if (next === 0) {
      const { covered, events } = await streams.read({ after: 0, until: after, limit: 1 });
      const [first] = events;
      if (!covered || first === undefined) return after;
      return first.at >= from - ms ? 0 : lastBefore(streams, 1, after, from - ms);
    }
    const at = await timeAt(streams, next);
    if (at === undefined) return after;
    if (at < from - ms) return lastBefore(streams, next, after, from - ms);
    after = next;
  }
  return after;
};

/** What is known of the sends of events. */
type KnownSends = Pick<Sends, 'areAllBefore' | 'allUpTo'>;

/**
 * A log in which positions of clients are found where all that lies before was sent before: at most so many milliseconds
 * before where they say, since what came earlier was sent by then.
 */
export const resumingEarlier = (streams: Streams, overtakenMs: () => Promise<number>, sends: KnownSends): Streams => ({
  append: (events, options) => streams.append(events, options),
  read: (options) => streams.read(options),
  top: () => streams.top(),
  idOf: (offset) => streams.idOf(offset),
  trim: (options) => streams.trim(options),
  async locate(id): Promise<Located> {
    const located = await streams.locate(id);
    if (located.lost !== undefined || located.after < 1) return located;
    const ms = await overtakenMs();
    if (await sends.areAllBefore(id, located.after, ms)) return located;
    const from = await earlier(streams, located.after, ms);
    return { after: await sends.allUpTo(id, from, located.after) };
  },
});
