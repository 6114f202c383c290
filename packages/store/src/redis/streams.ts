import {
  announcedBody,
  type Clock,
  channelsOf,
  IdempotencyConflict,
  type Located,
  type LogEvent,
  type LogPositions,
  type NewEvent,
  type ReadOptions,
  type ReadPage,
  type SharedStreams,
  type StreamAppend,
} from '@aideals/core';
import { type Segment, Segments } from '@aideals/core/memory';
import { type RedisCommands, runScript, scriptOf } from './run-script.js';
import { type ScriptName, scripts } from './scripts.js';

export interface RedisStreamsOptions {
  readonly redis: RedisCommands;
  readonly clock: Clock;
  /** A random name for a segment, should one begin: 1 to 32 letters and digits. */
  readonly segment: () => string;
  readonly prefix: string;
  /** The name in Redis of a channel of the log. */
  readonly channelName: (channel: string) => string;
  /** Where the server is a cluster, and announcements go by shard. */
  readonly isSharded?: boolean;
}

const KEY_MS = 24 * 60 * 60 * 1000;
/** How long a message that others published is remembered after a node last counted it. */
const TAKEN_MS = 60_000;
/** Events removed in one step: a script keeps everyone else waiting. */
const TRIM_STEP = 500;

const compiled = Object.fromEntries(Object.entries(scripts).map(([name, text]) => [name, scriptOf(text)])) as Record<
  ScriptName,
  ReturnType<typeof scriptOf>
>;

const flushed = Promise.resolve();

/** A message that every node hears, and one takes. */
export interface HeardMessage {
  /** Tells it apart from others: of its channel and its bytes. */
  readonly digest: string;
  /** When it may be counted at the latest, in milliseconds by the clock of Redis: less than a minute after it was published. */
  readonly until: number;
  readonly event: NewEvent;
}

export interface Taking {
  /** The clock of Redis, in milliseconds. */
  readonly time: number;
  /** Messages that this node took into the log. */
  readonly taken: number;
  /** Messages that came too late to know whether another node took them. */
  readonly late: number;
}

export interface RedisStreams extends SharedStreams {
  /**
   * Counts messages that every node heard, and takes those into the log that no other node has. A node numbers its calls from
   * 1 on; one whose answer was lost is made again under the same number, and counts once.
   */
  take(node: string, call: number, messages: readonly HeardMessage[]): Promise<Taking>;
}

/** What a script answers, behind the version of the segments and, where that is another one, the segments. */
type Answer = readonly [string, readonly string[], ...unknown[]];

const segmentOf = (line: string): Segment => {
  const [name = '', first = '1'] = line.split(' ');
  return { name, first: Number(first) };
};

/** The log on Redis Streams: each operation is one script, which stores, indexes and announces in one step. */
export const redisStreams = async (options: RedisStreamsOptions): Promise<RedisStreams> => {
  const { redis, clock, segment, prefix, channelName, isSharded = false } = options;
  const key = (name: string): string => `${prefix}.{log}:${name}`;
  const topicKey = key('topic:');
  const announcing = [topicKey, isSharded ? 'SPUBLISH' : 'PUBLISH'] as const;
  const keysOf = (once: string): string[] => [key('events'), key('meta'), key('segments'), key('last'), once];

  let segments = new Segments([]);
  let known = '';
  let order: Promise<unknown> = Promise.resolve();

  /**
   * Runs a script. Answers are handed on in the order of the questions, also where one has to be asked twice, and each with
   * the segments of the log that gave it: that may be another one when the answer is looked at.
   */
  const run = async (
    name: ScriptName,
    args: readonly string[],
    once = key('none'),
  ): Promise<{ readonly rest: readonly unknown[]; readonly of: Segments }> => {
    const before = order;
    const asked = runScript(redis, compiled[name], keysOf(once), [segment(), known, ...args]);
    order = asked.catch(() => undefined).then(() => before);
    const [version, list, ...rest] = (await asked.finally(() => before)) as Answer;
    if (list.length > 0) segments = new Segments(list.map(segmentOf));
    known = version;
    return { rest, of: segments };
  };

  const state = async (channels: readonly string[] = []) => {
    const {
      rest: [begin, top, last],
      of,
    } = await run('state', channels.map(channelName));
    return { begin: Number(begin), top: Number(top), last: (last as string[]).map(Number), of };
  };

  const words = (event: NewEvent): string[] => [
    event.topic,
    String(event.at),
    announcedBody(event),
    channelsOf(event.topic).map(channelName).join('\n'),
  ];

  await state();

  return {
    async append(events, idempotency): Promise<StreamAppend> {
      const args = [...announcing, idempotency?.digest ?? '', String(clock.now()), String(KEY_MS)];
      for (const event of events) args.push(...words(event));
      const once = idempotency === undefined ? 'none' : `key:${idempotency.key}`;
      const {
        rest: [outcome, first, count, reached],
        of,
      } = await run('append', args, key(once));
      if (outcome === 'conflict') throw new IdempotencyConflict();
      const offsets = Array.from({ length: Number(count) }, (_, i) => Number(first) + i);
      const appended = { ids: offsets.map((offset) => of.idOf(offset)), offsets, flushed };
      if (outcome === 'again') return { ...appended, replayed: true };
      return { ...appended, replayed: false, reached: (reached as string[]).map(Number) };
    },

    async locate(id: string): Promise<Located> {
      const { begin, top, of } = await state();
      return of.locate(id, begin, top);
    },

    async read({ after, until, topic, limit }: ReadOptions): Promise<ReadPage> {
      const {
        rest: [begin, top, found],
        of,
      } = await run('read', [
        topic === undefined ? '' : `${topicKey}${topic}`,
        String(after),
        until === undefined ? '' : String(until),
        String(limit),
      ]);
      const pairs = found as string[];
      const events = Array.from({ length: pairs.length / 2 }, (_, i): LogEvent => {
        const offset = Number(pairs[2 * i]);
        return { ...(JSON.parse(pairs[2 * i + 1] as string) as NewEvent), offset, id: of.idOf(offset) };
      });
      const last = Math.min(until ?? Number(top), Number(top));
      const isFull = events.length >= limit;
      const end = isFull ? (events.at(-1)?.offset ?? after) : Math.max(after, last);
      return { events, end, covered: after >= Number(begin) - 1 };
    },

    top: async () => (await state()).top,

    idOf: (offset) => segments.idOf(offset),

    async trim({ before, keep, limit }) {
      for (let left = limit; left > 0; ) {
        const step = Math.min(left, TRIM_STEP);
        const {
          rest: [more, removed],
        } = await run('trim', [topicKey, String(before), String(keep), String(step)]);
        if (more === 0) return false;
        left -= removed as number;
      }
      return true;
    },

    async positions(channels: readonly string[]): Promise<LogPositions> {
      const { top, last, of } = await state(channels);
      return { top, last, idOf: (offset) => of.idOf(offset) };
    },

    async take(node, call, messages) {
      const args = [...announcing, key('taken:'), node, String(call), String(TAKEN_MS)];
      for (const { digest, until, event } of messages) args.push(digest, String(Math.floor(until)), ...words(event));
      const {
        rest: [time, taken, late],
      } = await run('take', args, key(`taker:${node}`));
      return { time: Number(time), taken: Number(taken), late: Number(late) };
    },
  };
};
