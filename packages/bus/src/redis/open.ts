import type { Bus } from '@aideals/core';
import type { RedisAddress } from './address.js';
import { channelName, redisBus } from './bus.js';
import { ClusterCommands } from './cluster-commands.js';
import { ClusterMap } from './cluster-map.js';
import { ClusterSubscriber } from './cluster-subscriber.js';
import type { CommandLink } from './command-link.js';
import { RedisConnection } from './connection.js';
import { factsOf, type RedisFacts } from './facts.js';
import { outsidePattern } from './intake.js';
import { startError } from './start-error.js';
import { type SubscriberLink, subscriberOn } from './subscriber-link.js';

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
  /** For the log and the limits, which live on the same servers. */
  readonly commands: CommandLink;
  /** For patterns that others publish on. */
  readonly subscriber: RedisConnection;
  /** Whether the server is a cluster, where the log announces by shard. */
  readonly isSharded: boolean;
  /** How the server that holds the log is. Rejects with `RedisAway`. */
  facts(): Promise<RedisFacts>;
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

/** The ways to Redis, however many servers it is. */
interface Ways {
  readonly commands: CommandLink;
  readonly messages: SubscriberLink;
  readonly subscriber: RedisConnection;
  close(): void;
}

type Part = ReturnType<typeof allOf>;

const openOne = async (address: RedisAddress, part: Part): Promise<Ways> => {
  const commands = await RedisConnection.open(address, { onState: part('commands') });
  try {
    const subscriber = await RedisConnection.open(address, { onState: part('subscriber') });
    const close = (): void => {
      commands.close();
      subscriber.close();
    };
    return { commands, messages: subscriberOn(subscriber), subscriber, close };
  } catch (error) {
    commands.close();
    throw error;
  }
};

const openCluster = async (address: RedisAddress, part: Part, logKey: string): Promise<Ways> => {
  const map = await ClusterMap.open(address, { onState: part('subscriber') });
  const commands = new ClusterCommands({ map, address, logKey, onState: part('commands') });
  const messages = new ClusterSubscriber({ map, address, onState: part('messages') });
  const close = (): void => {
    messages.close();
    commands.close();
    map.close();
  };
  try {
    await commands.begin();
    return { commands, messages, subscriber: map.base, close };
  } catch (error) {
    close();
    throw error;
  }
};

/** Whether a server is a node of a cluster, whatever its address says. */
const isCluster = async (address: RedisAddress): Promise<boolean> => {
  if (address.kind !== 'single') return address.kind === 'cluster';
  const any = await RedisConnection.open(address, { onState: () => undefined, wanted: 'any' });
  try {
    return /^cluster_enabled:1/mu.test(await any.run((client) => client.sendCommand<string>(['INFO', 'cluster'])));
  } catch (error) {
    throw startError(address, error);
  } finally {
    any.close();
  }
};

const ignore = (): void => undefined;

/** Does what is done later with keys and channels of ours, so that a user who may not do it is refused now. */
const PROBE = `
redis.call('INFO', 'server')
redis.call('TIME')
redis.call('SET', KEYS[1], '1', 'PX', '1000')
return redis.call(ARGV[1], ARGV[2], '')
`;

/**
 * Opens a node's ways to Redis: one connection for commands and one for messages; to a cluster, these to each node that is
 * needed. Rejects with a `RedisSettingError` where that cannot be.
 */
export const openRedis = async ({ address, prefix, onError, onState }: OpenBusOptions): Promise<RedisNode> => {
  const part = allOf(onState);
  const isSharded = await isCluster(address);
  const logKey = `${prefix}.{log}:probe`;
  const ways = await (isSharded ? openCluster(address, part, logKey) : openOne(address, part));
  const { commands, messages, subscriber, close } = ways;
  const verb = isSharded ? 'SPUBLISH' : 'PUBLISH';
  try {
    const probe = ['EVAL', PROBE, '1', logKey, verb, channelName(prefix, 'log:')];
    await commands.run((client) => client.sendCommand(probe));
    await subscriber.run((client) => client.pSubscribe(outsidePattern(prefix), ignore, true));
    await subscriber.run((client) => client.pUnsubscribe(outsidePattern(prefix), ignore, true));
  } catch (error) {
    close();
    throw startError(address, error);
  }
  return {
    bus: redisBus({ commands, subscriber: messages, prefix, verb, onError }),
    commands,
    subscriber,
    isSharded,
    facts: () => factsOf(commands, logKey),
    close,
  };
};
