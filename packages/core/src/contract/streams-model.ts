import { expect } from 'vitest';
import type { LogEvent, NewEvent, ReadOptions, Streams } from '../ports/index.js';

/** The log in the plainest words: one list. */
export class StreamsModel {
  readonly #events: { readonly offset: number; readonly event: NewEvent }[] = [];
  #top = 0;

  get top(): number {
    return this.#top;
  }

  get oldest(): number | undefined {
    return this.#events[0]?.offset;
  }

  append(events: readonly NewEvent[]): number[] {
    return events.map((event) => {
      this.#top += 1;
      this.#events.push({ offset: this.#top, event });
      return this.#top;
    });
  }

  /** True where more is left to trim. */
  trim({ before, keep, limit }: { before: number; keep: number; limit: number }): boolean {
    const beyond = (): boolean => {
      const oldest = this.#events[0];
      return oldest !== undefined && (this.#events.length > keep || oldest.event.at < before);
    };
    for (let removed = 0; removed < limit && beyond(); removed++) this.#events.shift();
    return beyond();
  }

  select({ after, until, topic }: Omit<ReadOptions, 'limit'>): { offset: number; event: NewEvent }[] {
    return this.#events.filter(
      ({ offset, event }) =>
        offset > after && offset <= (until ?? this.#top) && (topic === undefined || event.topic === topic),
    );
  }

  /** Reads all that the options select, page by page, and compares it. */
  async compare(streams: Streams, options: ReadOptions): Promise<void> {
    const read: LogEvent[] = [];
    const last = Math.min(options.until ?? this.#top, this.#top);
    for (let { after } = options; ; ) {
      const { events, end } = await streams.read({ ...options, after });
      expect(events.length).toBeLessThanOrEqual(options.limit);
      expect(end).toBeGreaterThanOrEqual(after);
      read.push(...events);
      if (end >= last) break;
      expect(end).toBeGreaterThan(after);
      after = end;
    }
    expect(read).toEqual(
      this.select(options).map(({ offset, event }) => ({ ...event, offset, id: streams.idOf(offset) })),
    );
  }
}
