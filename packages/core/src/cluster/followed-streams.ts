import type { ReadPage, SharedStreams, Streams } from '../ports/index.js';
import type { Follower } from './follower.js';

/**
 * A log that several nodes share, as one of them follows it. The log may be replaced by another at any moment (its server was
 * flushed), and a node notices that a little later. Until then offsets keep the names that they had, and nothing of the new
 * log is taken for what follows in the old one.
 */
export const followedStreams = (shared: SharedStreams, follower: Follower): Streams => ({
  append: (...given) => shared.append(...given),
  locate: (id) => shared.locate(id),
  top: () => shared.top(),
  trim: (given) => shared.trim(given),
  idOf: (offset) => follower.idOf(offset),

  async read(options): Promise<ReadPage> {
    for (;;) {
      const { generation } = follower;
      const page = await shared.read(options);
      const last = page.events.at(-1);
      // A page is of one log: where the last event is, all are.
      if (last === undefined || follower.knows(last)) return page;
      await follower.settle();
      if (follower.generation !== generation) return { events: [], end: options.after, covered: false };
    }
  },
});
