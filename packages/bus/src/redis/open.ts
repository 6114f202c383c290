import type { Bus } from '@aideals/core';
import type { RedisAddress } from './address.js';
import { redisBus } from './bus.js';
import type { CommandLink } from './command-link.js';
import { RedisConnection } from './connection.js';
import { subscriberOn } from './subscriber-link.js';

export interface OpenBusOptions {
  readonly address: RedisAddress;
  readonly prefix: string;
  /** Told what a listener threw. */
  readonly onError: (error: unknown, channel: string) => void;
  /** Told with an error when Redis is lost, and without one when all is well again. */
  readonly onState: (failure: Error | undefined) => void;
}

export interface RedisNode {
  readonly bus: Bus;
  /** For the log and the limits, which live on the same server. */
  readonly commands: CommandLink;
  /** For patterns that others publish on. */
  readonly subscriber: RedisConnection;
  close(): void;
}

/** One state of several parts: well where all are. */
const allOf = (onState: OpenBusOptions['onState']) => {
  const down = new Set<string>();
  return (name: string) =>
    (failure: Error | undefined): void => {
      const wasUp = down.size === 0;
      if (failure === undefined) down.delete(name);
      else down.add(name);
      if (wasUp !== (down.size === 0)) onState(failure);
    };
};

/** Opens a node's two connections to Redis. Rejects with a `RedisSettingError` where that cannot be. */
export const openRedis = async ({ address, prefix, onError, onState }: OpenBusOptions): Promise<RedisNode> => {
  const part = allOf(onState);
  const commands = await RedisConnection.open(address, { onState: part('commands') });
  try {
    const subscriber = await RedisConnection.open(address, { onState: part('subscriber') });
    return {
      bus: redisBus({ commands, subscriber: subscriberOn(subscriber), prefix, verb: 'PUBLISH', onError }),
      commands,
      subscriber,
      close: () => {
        commands.close();
        subscriber.close();
      },
    };
  } catch (error) {
    commands.close();
    throw error;
  }
};
