import { epochOf, offsetOf } from '../wire/event-id.js';
import type { History } from './history.js';

/** Where an id lies: in which log of those that followed one another, and at which offset of it. */
export interface Place {
  readonly log: number;
  readonly offset: number;
}

export const isBefore = (a: Place, b: Place): boolean => a.log < b.log || (a.log === b.log && a.offset < b.offset);

/** What is seen of an epoch: the first offset that it can have had, and the last. */
interface Extent {
  first: number;
  last: number;
}

/**
 * Epochs in the order in which they appeared, put together to logs: a restart begins an epoch whose offsets go on, a log that
 * was lost is followed by one whose offsets begin again.
 */
export class Logs {
  readonly #logByEpoch = new Map<string, number>();

  constructor({ events, publications, readers }: History) {
    const extents = new Map<string, Extent>();
    const saw = (id: string, isEvent: boolean): void => {
      const [epoch, offset] = [epochOf(id), offsetOf(id)];
      const extent = extents.get(epoch) ?? { first: Number.POSITIVE_INFINITY, last: 0 };
      extents.set(epoch, extent);
      // A position lies behind an event of whichever epoch: this epoch begins after it at the earliest.
      extent.first = Math.min(extent.first, isEvent ? offset : offset + 1);
      if (isEvent) extent.last = Math.max(extent.last, offset);
    };
    for (const id of events.keys()) saw(id, true);
    for (const { id } of publications) if (id !== undefined) saw(id, true);
    for (const { stretches } of readers) for (const { after } of stretches) saw(after, false);
    let log = 0;
    let last = -1;
    for (const [epoch, extent] of extents) {
      if (extent.first <= last) {
        log += 1;
        last = -1;
      }
      last = Math.max(last, extent.last);
      this.#logByEpoch.set(epoch, log);
    }
  }

  get count(): number {
    return Math.max(0, ...this.#logByEpoch.values()) + 1;
  }

  /** The log of an epoch that nobody was shown is taken for the first. */
  placeOf(id: string): Place {
    return { log: this.#logByEpoch.get(epochOf(id)) ?? 0, offset: offsetOf(id) };
  }
}
