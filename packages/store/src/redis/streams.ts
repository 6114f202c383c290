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
/** How long a message that others published is remembered after a node last heard it. */
const TAKEN_MS = 60_000;
/** Events removed in one step: a script keeps everyone else waiting. */
const TRIM_STEP = 500;

const compiled = Object.fromEntries(Object.entries(scripts).map(([name, text]) => [name, scriptOf(text)])) as Record<
  ScriptName,
  ReturnType<typeof scriptOf>
>;

const flushed = Promise.resolve();

export interface RedisStreams extends SharedStreams {
  /** Takes a message that every node heard into the log, once: the first node that counts it takes it. True where it was this one. */
  take(node: string, message: string, event: NewEvent): Promise<boolean>;
}

/** The log on Redis Streams: each operation is one script, which stores, indexes and announces in one step. */
export const redisStreams = async (options: RedisStreamsOptions): Promise<RedisStreams> => {
  const { redis, clock, segment, prefix, channelName, isSharded = false } = options;
  const key = (name: string): string => `${prefix}.{log}:${name}`;
  const topicKey = key('topic:');
  const publish = isSharded ? 'SPUBLISH' : 'PUBLISH';
  const keys = (once: string): string[] => [key('events'), key('meta'), key('segments'), key('last'), once];

  let segments = new Segments([]);
  let known = '';
  let order: Promise<unknown> = Promise.resolve();

  const run = async (name: ScriptName, args: readonly string[], once = key('none')): Promise<string[]> =>
    (await runScript(redis, compiled[name], keys(once), [segment(), ...args])) as string[];

  const readSegments = async (version: string): Promise<void> => {
    if (version === known) return;
    const list = (await redis.send(['LRANGE', key('segments'), '0', '-1'])) as string[];
    segments = new Segments(
      list.map((line): Segment => {
        const [name = '', first = '1'] = line.split(' ');
        return { name, first: Number(first) };
      }),
    );
    known = version;
  };

  /** Answers are handed on in the order of the questions, also where one has to look at the segments first. */
  const inOrder = <T>(asked: Promise<string[]>, answer: (words: string[]) => Awaited<T> | Promise<T>): Promise<T> => {
    const before = order;
    const result = (async () => {
      const words = await asked.finally(() => before.catch(() => undefined));
      return answer(words);
    })();
    order = result.catch(() => undefined);
    return result;
  };

  const state = async (channels: readonly string[] = []): Promise<{ begin: number; top: number; last: number[] }> =>
    inOrder(run('state', channels.map(channelName)), async ([begin, top, version, ...last]) => {
      await readSegments(version as string);
      return { begin: Number(begin), top: Number(top), last: last.map(Number) };
    });

  const words = (event: NewEvent): string[] => [
    event.topic,
    String(event.at),
    announcedBody(event),
    channelsOf(event.topic).map(channelName).join('\n'),
  ];

  const eventOf = (offset: number, body: string): LogEvent => ({
    ...(JSON.parse(body) as NewEvent),
    offset,
    id: segments.idOf(offset),
  });

  await state();

  return {
    append(events, idempotency) {
      const once = idempotency === undefined ? key('none') : key(`key:${idempotency.key}`);
      const asked = run(
        'append',
        [topicKey, publish, idempotency?.digest ?? '', String(clock.now()), String(KEY_MS), ...events.flatMap(words)],
        once,
      );
      return inOrder<StreamAppend>(asked, async ([outcome, first, count, version, ...reached]) => {
        if (outcome === 'conflict') throw new IdempotencyConflict();
        await readSegments(version as string);
        const offsets = Array.from({ length: Number(count) }, (_, i) => Number(first) + i);
        const replayed = outcome === 'again';
        return {
          ids: offsets.map((offset) => segments.idOf(offset)),
          offsets,
          replayed,
          flushed,
          ...(replayed ? {} : { reached: reached.map(Number) }),
        };
      });
    },

    async locate(id: string): Promise<Located> {
      const { begin, top } = await state();
      return segments.locate(id, begin, top);
    },

    async read({ after, until, topic, limit }: ReadOptions): Promise<ReadPage> {
      const asked = run('read', [
        topic === undefined ? '' : `${topicKey}${topic}`,
        String(after),
        until === undefined ? '' : String(until),
        String(limit),
      ]);
      return inOrder<ReadPage>(asked, async ([begin, top, version, ...rest]) => {
        await readSegments(version as string);
        const events: LogEvent[] = [];
        for (let i = 0; i < rest.length; i += 2) events.push(eventOf(Number(rest[i]), rest[i + 1] as string));
        const last = Math.min(until ?? Number(top), Number(top));
        const isFull = events.length >= limit;
        const end = isFull ? (events.at(-1)?.offset ?? after) : Math.max(after, last);
        return { events, end, covered: after >= Number(begin) - 1 };
      });
    },

    top: async () => (await state()).top,

    idOf: (offset) => segments.idOf(offset),

    async trim({ before, keep, limit }) {
      for (let left = limit; left > 0; ) {
        const step = Math.min(left, TRIM_STEP);
        const asked = run('trim', [topicKey, String(before), String(keep), String(step)]);
        const [more, removed] = (await asked) as unknown as [number, number];
        if (more === 0) return false;
        left -= removed;
      }
      return true;
    },

    async positions(channels: readonly string[]): Promise<LogPositions> {
      const { top, last } = await state(channels);
      return { top, last };
    },

    async take(node, message, event) {
      const answer = await run(
        'take',
        [topicKey, publish, node, String(TAKEN_MS), ...words(event)],
        key(`taken:${message}`),
      );
      return Number(answer) === 1;
    },
  };
};
