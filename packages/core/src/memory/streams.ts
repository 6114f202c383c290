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
} from '../ports/index.js';
import { Backlog } from './backlog.js';
import { KEY_SECONDS, Segments } from './segments.js';

interface UsedKey {
  readonly digest: string;
  readonly first: number;
  readonly count: number;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** What a log holds, apart from its owner: who opens it again begins a new segment. */
export class MemoryLog {
  readonly segments: Segments = new Segments([]);
  /** JSON texts, so that nobody can change an event from outside. */
  readonly events: Backlog<{ text: string; at: number; topic: string }> = new Backlog();
  readonly topics: Map<string, Backlog<number>> = new Map();
  readonly keys: Map<string, UsedKey> = new Map();
}

export interface MemoryStreamsOptions {
  readonly clock: Clock;
  /** A random name for the segment that begins: 1 to 32 letters and digits. */
  readonly segment: () => string;
  /** A log to open again; a new one where it is left out. */
  readonly log?: MemoryLog;
}

const flushed = Promise.resolve();

/** `Streams` in memory. They answer at once, and forget all with the process. */
export const memoryStreams = ({ clock, segment, log = new MemoryLog() }: MemoryStreamsOptions) => {
  const { segments, events, topics, keys } = log;
  segments.open(segment(), events.end + 1);

  const idOf = (offset: number): string => segments.idOf(offset);
  const answer = (first: number, count: number, replayed: boolean): StreamAppend => {
    const offsets = Array.from({ length: count }, (_, i) => first + i);
    return { ids: offsets.map(idOf), offsets, replayed, flushed };
  };

  const live = (key: string): UsedKey | undefined => {
    const now = clock.now();
    // Keys lie in the order of their use, so the expired ones are in front.
    for (const [name, used] of keys) {
      if (used.expiresAt > now) break;
      keys.delete(name);
    }
    const used = keys.get(key);
    return used === undefined || used.expiresAt <= now ? undefined : used;
  };

  const at = (offset: number): LogEvent => {
    const { text } = events.get(offset) as { text: string };
    return { ...(JSON.parse(text) as NewEvent), offset, id: idOf(offset) };
  };

  function* selected(topic: string | undefined, after: number, until: number): Generator<number> {
    if (topic === undefined) {
      for (let offset = Math.max(after + 1, events.begin); offset <= until; offset++) yield offset;
      return;
    }
    const index = topics.get(topic);
    if (index === undefined) return;
    for (let i = index.firstWhere((offset) => offset > after); i <= index.end; i++) {
      const offset = index.get(i) as number;
      if (offset > until) return;
      yield offset;
    }
  }

  return {
    append(list: readonly NewEvent[], options?: { key: string; digest: string }): StreamAppend {
      const used = options && live(options.key);
      if (used !== undefined) {
        if (used.digest !== options?.digest) throw new IdempotencyConflict();
        return answer(used.first, used.count, true);
      }
      const texts = list.map((event) => JSON.stringify(event));
      const first = events.end + 1;
      list.forEach(({ at: time, topic }, i) => {
        events.push({ text: texts[i] as string, at: time, topic });
        const index = topics.get(topic) ?? new Backlog<number>();
        topics.set(topic, index);
        index.push(first + i);
      });
      if (options !== undefined) {
        const expiresAt = clock.now() + KEY_SECONDS * 1000;
        keys.delete(options.key);
        keys.set(options.key, { digest: options.digest, first, count: list.length, expiresAt });
      }
      return answer(first, list.length, false);
    },

    locate: (id: string): Located => segments.locate(id, events.begin, events.end),

    read({ after, until = events.end, topic, limit }: ReadOptions): ReadPage {
      const last = Math.min(until, events.end);
      const covered = after >= events.begin - 1;
      const page: LogEvent[] = [];
      for (const offset of selected(topic, after, last)) {
        if (page.length >= limit) return { events: page, end: page.at(-1)?.offset ?? after, covered };
        page.push(at(offset));
      }
      return { events: page, end: Math.max(after, last), covered };
    },

    top: (): number => events.end,

    idOf,

    trim({ before, keep, limit }: { before: number; keep: number; limit: number }): boolean {
      for (let removed = 0; ; removed++) {
        const oldest = events.get(events.begin);
        if (oldest === undefined || (events.size <= keep && oldest.at >= before)) return false;
        if (removed >= limit) return true;
        events.shift();
        const index = topics.get(oldest.topic) as Backlog<number>;
        index.shift();
        if (index.size === 0) topics.delete(oldest.topic);
      }
    },
  } satisfies Streams;
};
