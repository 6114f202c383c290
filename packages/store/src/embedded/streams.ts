import {
  type Clock,
  IdempotencyConflict,
  type Located,
  type LogEvent,
  type NewEvent,
  type ReadOptions,
  type ReadPage,
  type StreamAppend,
  type Streams,
} from '@aideals/core';
import { type Segment, Segments } from '@aideals/core/memory';
import { Events } from './events.js';
import { UsedKeys } from './used-keys.js';
import type { Batch, Db, Writer } from './writer.js';

const SEGMENTS = Buffer.from('segments');

/** Segments that ended before the oldest event are told from unknown ones as long as they are among so many. */
const MAX_SEGMENTS = 1_000;

export interface EmbeddedStreamsOptions {
  readonly log: Db;
  readonly meta: Db;
  readonly writer: Writer;
  readonly clock: Clock;
  /** A random name for a segment that begins: 1 to 32 letters and digits. */
  readonly segment: () => string;
}

/** Written out, since a replay makes one for each event that it reads, and spreading takes several times as long. */
const logEvent = ({ type, topic, data, filters, at }: NewEvent, offset: number, id: string): LogEvent =>
  filters === undefined ? { type, topic, data, at, offset, id } : { type, topic, data, filters, at, offset, id };

const storedSegments = (meta: Db): Segments => {
  const stored = meta.get(SEGMENTS);
  return new Segments(stored === undefined ? [] : (JSON.parse(stored) as Segment[]));
};

/**
 * `Streams` on lmdb. They decide in memory and answer at once: an append is visible to every read from then on, and durable
 * when its `flushed` resolves. Where a flush fails, all that was not durable is gone, and a new segment begins: the ids that
 * were given out for it are lost as `epoch`, and never name another event.
 */
export const embeddedStreams = ({ log, meta, writer, clock, segment }: EmbeddedStreamsOptions) => {
  const events = new Events(log, meta);
  const usedKeys = new UsedKeys(log);
  let segments = storedSegments(meta);
  /** Whether the list of segments must still be stored: before the first event that is named by the new one. */
  let unstored = false;

  const beginSegment = (): void => {
    segments.open(segment(), events.top + 1);
    segments.forget(events.begin, MAX_SEGMENTS);
    unstored = true;
  };
  const storeSegments = (batch: Batch): void => {
    if (unstored) batch.put(meta, SEGMENTS, JSON.stringify(segments.list));
    unstored = false;
  };

  beginSegment();
  storeSegments(writer.batch());
  writer.onFailure(() => {
    events.reset();
    usedKeys.reset();
    const beforeFailure = segments;
    segments = new Segments(beforeFailure.list);
    beginSegment();
  });

  const idOf = (offset: number): string => segments.idOf(offset);
  const answer = (first: number, count: number, replayed: boolean, flushed: Promise<void>): StreamAppend => {
    const offsets = Array.from({ length: count }, (_, i) => first + i);
    return { ids: offsets.map(idOf), offsets, replayed, flushed };
  };

  /** In the order of the calls: those that share a flush resolve as they were made. */
  const committed = (appended: StreamAppend): Promise<StreamAppend> => appended.flushed.then(() => appended);

  return {
    /**
     * Resolves when the events are in the file: an event that someone was sent and that a killed process then loses would
     * leave that reader with a position that the log never had.
     */
    append(list: readonly NewEvent[], options?: { key: string; digest: string }): Promise<StreamAppend> {
      const now = clock.now();
      const used = options && usedKeys.get(options.key, now);
      if (used !== undefined) {
        if (used.digest !== options?.digest) throw new IdempotencyConflict();
        // The first use may not be durable yet, and this one must not be confirmed before it.
        return committed(answer(used.first, used.count, true, writer.flushed));
      }
      const first = events.top + 1;
      const batch = writer.batch();
      events.append(batch, list);
      if (options !== undefined) {
        usedKeys.put(batch, options.key, { digest: options.digest, first, count: list.length }, now);
      }
      storeSegments(batch);
      return committed(answer(first, list.length, false, batch.flushed));
    },

    locate: (id: string): Located => segments.locate(id, events.begin, events.top),

    read({ after, until = events.top, topic, limit }: ReadOptions): ReadPage {
      const last = Math.min(until, events.top);
      const covered = after >= events.begin - 1;
      const page: LogEvent[] = [];
      for (const offset of events.offsets(topic, after, last)) {
        if (page.length >= limit) return { events: page, end: page.at(-1)?.offset ?? after, covered };
        page.push(logEvent(events.get(offset) as NewEvent, offset, idOf(offset)));
      }
      return { events: page, end: Math.max(after, last), covered };
    },

    top: (): number => events.top,

    idOf,

    /** As they are now: another list after a flush that failed. */
    segments: (): readonly Segment[] => segments.list,

    /** Resolves when what it removed is gone for good, so that trimming is no faster than the disk. */
    async trim({ before, keep, limit }: { before: number; keep: number; limit: number }): Promise<boolean> {
      const oldestBeyond = (): NewEvent | undefined => {
        const oldest = events.get(events.begin);
        const size = events.top - events.begin + 1;
        return oldest !== undefined && (size > keep || oldest.at < before) ? oldest : undefined;
      };
      let oldest = oldestBeyond();
      if (oldest === undefined) return false;
      const batch = writer.batch();
      for (let removed = 0; removed < limit && oldest !== undefined; removed++) {
        events.shift(batch, oldest);
        oldest = oldestBeyond();
      }
      events.storeBegin(batch);
      await batch.flushed;
      return oldest !== undefined;
    },
  } satisfies Streams & { segments(): readonly Segment[] };
};
