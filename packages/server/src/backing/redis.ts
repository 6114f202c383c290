import type { Intake } from '@aideals/bus';
import { type Bus, type Limiter, outsideEvent, type SharedStreams } from '@aideals/core';
import { type Config, redisSettings } from '../config/index.js';
import { StartError } from '../start-error.js';
import type { BackingOptions } from './backing.js';

export interface RedisLog {
  readonly bus: Bus;
  readonly streams: SharedStreams;
  readonly limiter: Limiter;
  /** Takes what others publish on `<prefix>:<topic>` into the log. */
  readonly intake: Intake;
  /** Where it is, without user and password. */
  readonly name: string;
  check(): Promise<void>;
  close(): void;
}

/** Opens the log, the bus and the limits on Redis; undefined where no Redis is named. Its library is loaded only here. */
export const openRedisLog = async (config: Config, options: BackingOptions): Promise<RedisLog | undefined> => {
  if (config.redisHost === undefined && config.redisUrl === undefined) return undefined;
  const { addressOf, channelName, openRedis, redisIntake, RedisSettingError, shownAddress } = await import(
    '@aideals/bus'
  );
  const { redisLimiter, redisStreams } = await import('@aideals/store/redis');
  const { redisPrefix: prefix } = config;
  const { clock, segment, nodeId } = options;
  let isClosed = false;
  try {
    const address = addressOf(redisSettings(config));
    if (address === undefined) return undefined;
    const node = await openRedis({
      address,
      prefix,
      onError: (error, channel) => options.failed(`bus ${channel}`, error),
      onState: (failure) => {
        if (!isClosed) options.onState('redis', failure);
      },
    });
    const { commands, bus } = node;
    const close = (): void => {
      isClosed = true;
      node.close();
    };
    try {
      for (const warning of (await node.facts()).warnings) options.warn(warning);
      const redis = {
        send: (words: readonly (string | Buffer)[]) => commands.run((client) => client.sendCommand([...words])),
      };
      const streams = await redisStreams({
        redis,
        clock,
        segment,
        prefix,
        channelName: (channel) => channelName(prefix, channel),
        isSharded: node.isSharded,
      });
      return {
        bus,
        streams,
        intake: redisIntake({
          subscriber: node.subscriber,
          prefix,
          node: nodeId,
          log: streams,
          read: (topic, text) => outsideEvent(topic, text, clock.now(), config.messageBytes),
          report: options.report,
        }),
        limiter: redisLimiter({ redis, prefix, clock }),
        name: shownAddress(address),
        check: async () => {
          const { ok, detail } = await bus.health();
          if (!ok) throw new Error(detail ?? 'Redis is out of reach');
        },
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    if (error instanceof RedisSettingError) throw new StartError(error.message, error);
    throw error;
  }
};
