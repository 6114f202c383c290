import type { Bus } from '@aideals/core';
import type { RedisAddress } from './address.js';
import { redisBus } from './bus.js';
import { RedisConnection } from './connection.js';

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
  readonly commands: RedisConnection;
  /** For patterns that others publish on. */
  readonly subscriber: RedisConnection;
  close(): void;
}

/** Opens a node's two connections to Redis. Rejects with a `RedisSettingError` where that cannot be. */
export const openRedis = async ({ address, prefix, onError, onState }: OpenBusOptions): Promise<RedisNode> => {
  const up = new Map<string, boolean>();
  const told = (name: string) => (failure: Error | undefined) => {
    const wasUp = [...up.values()].every(Boolean);
    up.set(name, failure === undefined);
    const isUp = [...up.values()].every(Boolean);
    if (wasUp && !isUp) onState(failure);
    if (!wasUp && isUp) onState(undefined);
  };
  const commands = await RedisConnection.open(address, { onState: told('commands') });
  try {
    const subscriber = await RedisConnection.open(address, { onState: told('subscriber') });
    return {
      bus: redisBus({ commands, subscriber, prefix, onError }),
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
