import { createHash } from 'node:crypto';
import type { NewEvent, OutsideEvent } from '@aideals/core';
import type { RedisConnection } from './connection.js';
import type { Client } from './dial.js';
import { IntakeReport, type IntakeSummary } from './intake-report.js';

/** A message as the log counts it. */
export interface IntakeMessage {
  /** Of the channel and the bytes: what tells it apart from others. */
  readonly digest: string;
  /** When it may be counted at the latest, in milliseconds by the clock of Redis. */
  readonly until: number;
  readonly event: NewEvent;
}

/** The log on Redis, as far as the intake needs it. */
export interface IntakeLog {
  take(
    node: string,
    call: number,
    messages: readonly IntakeMessage[],
  ): Promise<{ readonly time: number; readonly taken: number; readonly late: number }>;
}

export interface IntakeOptions {
  readonly subscriber: RedisConnection;
  readonly prefix: string;
  /** Names this node; another one at each start. */
  readonly node: string;
  readonly log: IntakeLog;
  /** What a message says, on the channel of a topic. */
  readonly read: (topic: string, text: string) => OutsideEvent;
  /** Told at most once a minute, and at the end, what was not taken since the last time. */
  readonly report: (summary: IntakeSummary) => void;
  /** How long what is heard first is held back, so that the nodes that heard what came before it have taken that. */
  readonly settleMs?: number;
}

export interface Intake {
  /** Resolves when Redis has confirmed that this node hears. */
  start(): Promise<void>;
  /** Hears no more, and resolves when what was heard is taken or given up. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly digest: string;
  readonly event: NewEvent;
  /** By `performance.now()`: it was published after this moment. */
  readonly since: number;
  readonly size: number;
}

/** Where the clock of Redis stood, at the latest, at a moment of ours. */
interface ClockSample {
  readonly time: number;
  readonly at: number;
}

const SETTLE_MS = 250;
const MOST_WAITING = 50_000;
/** Events handed on in one step, which keeps Redis busy for a millisecond. */
const BATCH = 64;
const BATCH_BYTES = 512 * 1024;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2_000;
/** How long after it was published a message is still counted: less than the minute for which it is remembered who took it. */
const COUNTED_MS = 50_000;
/** How long the clock of Redis is trusted to go as ours does. */
const SAMPLE_MS = 5_000;

/** The channels on which others publish. It is written as an access control list would name it. */
export const outsidePattern = (prefix: string): string => `${prefix.replaceAll(/[?*[\]\\]/gu, '\\$&')}:*`;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis).unref());

/**
 * Hears what others publish on `<prefix>:*`. Every node hears each message, and hands it on in the order in which it heard:
 * the log takes it from the first. A node that stood still, or could not reach the log, may not know any more whether others
 * took what it heard: that is told as late, and not taken.
 */
export const redisIntake = (options: IntakeOptions): Intake => {
  const { subscriber, prefix, node, log, read, settleMs = SETTLE_MS } = options;
  const pattern = outsidePattern(prefix);
  const report = new IntakeReport(options.report);
  const waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let call = 0;
  let sample: ClockSample | undefined;
  let settledAt = 0;
  let isStarted = false;
  let isStopped = false;

  /** The first that wait, as many as go in one step. */
  const nextBatch = (): readonly Waiting[] => {
    let [bytes, count] = [0, 0];
    for (const { size } of waiting.slice(0, BATCH)) {
      if (bytes > BATCH_BYTES) break;
      bytes += size;
      count += 1;
    }
    return waiting.splice(0, count);
  };

  const ask = async (messages: readonly IntakeMessage[], number: number): Promise<void> => {
    const { time, late } = await log.take(node, number, messages);
    sample = { time, at: performance.now() };
    report.late(late);
  };

  const hand = async (batch: readonly Waiting[]): Promise<void> => {
    if (sample === undefined || performance.now() - sample.at > SAMPLE_MS) await ask([], call);
    const { time, at } = sample as ClockSample;
    const messages = batch.map(({ digest, event, since }) => ({
      digest,
      event,
      until: time + since - at + COUNTED_MS,
    }));
    await ask(messages, call + 1);
  };

  /** Goes on until the log has answered: where it took them, and the answer was lost, it does so once. */
  const handOver = async (batch: readonly Waiting[]): Promise<void> => {
    const latest = performance.now() + COUNTED_MS;
    for (let millis = FIRST_PAUSE_MS; ; millis = Math.min(millis * 2, MOST_PAUSE_MS)) {
      try {
        await hand(batch);
        break;
      } catch (error) {
        if (isStopped || performance.now() + millis > latest) {
          report.lost(batch.length, error);
          break;
        }
        await pause(millis);
      }
    }
    call += 1;
  };

  const work = async (): Promise<void> => {
    const early = settledAt - performance.now();
    if (early > 0) await pause(early);
    while (waiting.length > 0) await handOver(nextBatch());
    working = undefined;
  };

  const understood = (topic: string, bytes: Buffer): OutsideEvent => {
    try {
      return read(topic, utf8.decode(bytes));
    } catch {
      return { ok: false, problem: 'is not UTF-8' };
    }
  };

  const hear = (bytes: Buffer, channel: string | Buffer): void => {
    if (isStopped) return;
    const topic = String(channel).slice(prefix.length + 1);
    const found = understood(topic, bytes);
    if (!found.ok) report.broken(found.problem);
    else if (waiting.length >= MOST_WAITING) report.lost(1, new Error('too many messages wait'));
    else {
      const digest = createHash('sha256').update(`${channel}\n`).update(bytes).digest('hex');
      waiting.push({ digest, event: found.event, since: subscriber.asOf, size: bytes.length });
      working ??= work();
    }
  };

  const listen = async (client: Client): Promise<void> => {
    settledAt = performance.now() + settleMs;
    await client.pSubscribe(pattern, hear, true);
  };
  subscriber.onReady(async (client) => {
    if (!isStarted || isStopped) return;
    // Another server may be behind the address, with another clock.
    sample = undefined;
    await listen(client);
  });

  return {
    async start() {
      isStarted = true;
      await subscriber.run(listen);
    },
    async stop() {
      isStopped = true;
      if (isStarted) await subscriber.run((client) => client.pUnsubscribe(pattern, hear, true)).catch(() => undefined);
      await working;
      report.close();
    },
  };
};
