import type { RedisConnection } from './connection.js';
import type { Client } from './dial.js';

/** What others publish, as it was heard. */
export interface Heard {
  /** What follows `<prefix>:` in the name of the channel. */
  readonly name: string;
  readonly text: string;
}

export interface IntakeOptions {
  readonly subscriber: RedisConnection;
  readonly prefix: string;
  /**
   * Does what there is to do with a message. Called for one after the other, in the order in which they were heard; where
   * it rejects it is called again, for some time.
   */
  readonly take: (heard: Heard) => Promise<void>;
  /** Told of each message that was given up, because `take` went on rejecting or too many were waiting. */
  readonly lost: (error: unknown) => void;
}

export interface Intake {
  /** Resolves when Redis has confirmed that this node hears. */
  start(): Promise<void>;
  /** Hears no more, and resolves when what was heard is taken or given up. */
  stop(): Promise<void>;
}

const MOST_WAITING = 50_000;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2_000;
/** Less than the time for which Redis remembers what was taken. */
const PATIENCE_MS = 30_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis).unref());

/** Hears what others publish on `<prefix>:*`. Every node hears each message: who takes it decides which of them does. */
export const redisIntake = ({ subscriber, prefix, take, lost }: IntakeOptions): Intake => {
  const pattern = `${prefix.replaceAll(/[?*[\]\\^-]/gu, '\\$&')}:*`;
  const waiting: Heard[] = [];
  let working: Promise<void> | undefined;
  let isStopped = false;

  const takeOne = async (heard: Heard): Promise<void> => {
    const until = performance.now() + PATIENCE_MS;
    for (let millis = FIRST_PAUSE_MS; ; millis = Math.min(millis * 2, MOST_PAUSE_MS)) {
      try {
        return await take(heard);
      } catch (error) {
        if (isStopped || performance.now() + millis > until) {
          lost(error);
          return;
        }
        await pause(millis);
      }
    }
  };

  const work = async (): Promise<void> => {
    for (let heard = waiting.shift(); heard !== undefined; heard = waiting.shift()) await takeOne(heard);
    working = undefined;
  };

  const hear = (text: string, channel: string): void => {
    if (isStopped) return;
    if (waiting.length >= MOST_WAITING) {
      lost(new Error('too many messages wait to be taken'));
      return;
    }
    waiting.push({ name: channel.slice(prefix.length + 1), text });
    working ??= work();
  };

  const listen = (client: Client): Promise<void> => client.pSubscribe(pattern, hear);
  let isStarted = false;
  subscriber.onReady(async (client) => {
    if (isStarted && !isStopped) await listen(client);
  });

  return {
    async start() {
      await subscriber.run(listen);
      isStarted = true;
    },
    async stop() {
      isStopped = true;
      if (isStarted) await subscriber.run((client) => client.pUnsubscribe(pattern)).catch(() => undefined);
      await working;
    },
  };
};
