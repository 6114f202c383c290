import type { Located, LogEvent, NewEvent, ReadOptions, ReadPage, StreamAppend, Streams } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import { LogChanged } from './head.js';
import { type Chunk, endOf, keptEvent } from './items.js';
import { type LogOptions, type OpenLog, openLog } from './open-log.js';
import { packed } from './packing.js';

/** How many events one read looks at: a rare topic is read in several steps. */
const LOOKED_AT = 20_000;

const flushed = Promise.resolve();

/** The event of a chunk at an offset; undefined where it is void. */
const eventAt = (chunk: Chunk, offset: number) => chunk.events[offset - chunk.first];

/**
 * `Streams` on DynamoDB, for one node or for Lambda: any number of processes may append, and nobody owns the log. What is
 * appended is durable when it is confirmed. One partition takes all: some 1,000 KB of events a second, and an append takes as
 * long as two or three requests.
 */
export const dynamoStreams = async (client: DynamoClient, options: LogOptions): Promise<Streams> => {
  let log: OpenLog = await openLog(client, options);
  let reopening: Promise<OpenLog> | undefined;

  /** Does something with the log; where its table was made anew under us, the next one opens that. */
  const using = async <T>(work: (log: OpenLog) => Promise<T>): Promise<T> => {
    if (reopening !== undefined) log = await reopening;
    const used = log;
    try {
      return await work(used);
    } catch (error) {
      if (error instanceof LogChanged && used === log && reopening === undefined) {
        const opening = openLog(client, options);
        reopening = opening;
        opening.then(
          (opened) => {
            log = opened;
            reopening = undefined;
          },
          () => {
            reopening = undefined;
          },
        );
      }
      throw error;
    }
  };

  const idOf = (offset: number): string => log.segments.idOf(offset);

  const shown = (text: string, offset: number): LogEvent => {
    const event = JSON.parse(text) as NewEvent;
    return { ...event, offset, id: idOf(offset) };
  };

  const read = async ({ head, reader }: OpenLog, { after, until, topic, limit }: ReadOptions): Promise<ReadPage> => {
    const isKnown = until !== undefined && until <= head.known.top;
    const { begin, top } = isKnown ? head.known : await head.read();
    const last = Math.min(until ?? top, top);
    const covered = after >= begin - 1;
    const from = Math.max(after + 1, begin);
    const events: LogEvent[] = [];
    for (let next = from; next <= last; ) {
      if (next - from >= LOOKED_AT) return { events, end: next - 1, covered };
      const found = await reader.at(next, last);
      if (!('chunk' in found)) {
        // DynamoDB has deleted it before it was trimmed. What is behind is read when this was told.
        if (next > from) return { events, end: next - 1, covered };
        await head.beginAt(found.missingBefore);
        return { events: [], end: after, covered: false };
      }
      const { chunk } = found;
      for (const end = Math.min(last, endOf(chunk)); next <= end; next++) {
        const event = eventAt(chunk, next);
        if (event === undefined || (topic !== undefined && event.topic !== topic)) continue;
        if (events.length >= limit) return { events, end: events.at(-1)?.offset ?? after, covered };
        events.push(shown(event.text, next));
      }
    }
    return { events, end: Math.max(after, last), covered };
  };

  const trim = async (
    { head, reader }: OpenLog,
    { before, keep, limit }: { before: number; keep: number; limit: number },
  ): Promise<boolean> => {
    const { begin, top } = await head.read();
    /** The offset past this one, if it is beyond retention: past all that is missing, where it is gone already. */
    const pastBeyond = async (offset: number): Promise<number | undefined> => {
      if (offset > top) return undefined;
      if (top - offset + 1 > keep) return offset + 1;
      const found = await reader.at(offset, top);
      if (!('chunk' in found)) return found.missingBefore;
      const at = eventAt(found.chunk, offset)?.at ?? found.chunk.appendedAt;
      return at < before ? offset + 1 : undefined;
    };
    let to = Math.min(Math.max(begin, top - keep + 1), begin + limit);
    let past = await pastBeyond(to);
    while (past !== undefined && to < begin + limit) {
      to = past;
      past = await pastBeyond(to);
    }
    if (to > begin) await head.beginAt(to);
    return past !== undefined;
  };

  return {
    async append(list: readonly NewEvent[], once?: { key: string; digest: string }): Promise<StreamAppend> {
      const given = packed(list.map(keptEvent));
      return using(async ({ writer, segments }) => {
        const { first, count, replayed } = await writer.append(given, once);
        const offsets = Array.from({ length: count }, (_, i) => first + i);
        return { ids: offsets.map((offset) => segments.idOf(offset)), offsets, replayed, flushed };
      });
    },
    locate: (id: string): Promise<Located> =>
      using(async ({ head, segments }) => {
        const { begin, top } = await head.read();
        return segments.locate(id, begin, top);
      }),
    read: (given: ReadOptions): Promise<ReadPage> => using((open) => read(open, given)),
    top: (): Promise<number> => using(async ({ head }) => (await head.read()).top),
    idOf,
    /** Only moves the mark where the log begins: DynamoDB deletes the items, by their ttl. */
    trim: (given): Promise<boolean> => using((open) => trim(open, given)),
  };
};
