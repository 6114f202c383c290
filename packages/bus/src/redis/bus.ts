import type { Bus, BusHealth } from '@aideals/core';
import { RedisAway } from './away.js';
import type { CommandLink } from './command-link.js';
import type { SubscriberLink } from './subscriber-link.js';

type Listener = (bytes: Uint8Array) => void;

interface Channel {
  readonly listeners: Set<Listener>;
  /** Resolves when Redis has confirmed the subscription. */
  confirmed: Promise<void>;
}

export interface RedisBusOptions {
  /** Where messages are published. */
  readonly commands: CommandLink;
  /** Where they come from. */
  readonly subscriber: SubscriberLink;
  readonly prefix: string;
  /** How messages are published: by shard where the server is a cluster, whose `PUBLISH` counts one node's clients only. */
  readonly verb: 'PUBLISH' | 'SPUBLISH';
  /** Told what a listener threw. Its other listeners and the publisher are not. */
  readonly onError: (error: unknown, channel: string) => void;
}

/** The name of a channel in Redis. It lies outside of `<prefix>:*`, where others publish; those of the log share a slot. */
export const channelName = (prefix: string, channel: string): string =>
  channel.startsWith('log:') ? `${prefix}.bus:{log}:${channel.slice(4)}` : `${prefix}.bus:${channel}`;

/** The bus on the pub/sub of Redis: one subscription a channel, however many listeners it has here. */
export const redisBus = ({ commands, subscriber, prefix, verb, onError }: RedisBusOptions): Bus => {
  const channels = new Map<string, Channel>();
  const resets: (() => void)[] = [];
  let isResetDue = false;

  const ofLog = channelName(prefix, 'log:');

  subscriber.onMessage((bytes, name) => {
    // What was lost before it is not known yet: no event may come before those that have to be read.
    if ((isResetDue || !subscriber.isUp) && name.startsWith(ofLog)) return;
    const channel = channels.get(name);
    if (channel === undefined) return;
    for (const listener of [...channel.listeners]) {
      if (!channel.listeners.has(listener)) continue;
      try {
        listener(bytes);
      } catch (error) {
        onError(error, name);
      }
    }
  });

  /** Who reads what was missed needs the commands as well. */
  const resetWhenUp = (): void => {
    if (!isResetDue || !commands.isUp || !subscriber.isUp) return;
    isResetDue = false;
    for (const reset of resets) reset();
  };
  subscriber.onReset(() => {
    isResetDue = true;
    resetWhenUp();
  });
  commands.onUp(resetWhenUp);

  return {
    publish: (channel, bytes) =>
      // As over a wire: the publisher may use its buffer again.
      commands.run((client) => client.sendCommand<number>([verb, channelName(prefix, channel), Buffer.from(bytes)])),

    async subscribe(channel, listener) {
      if (!subscriber.isUp) throw new RedisAway();
      const name = channelName(prefix, channel);
      const present = channels.get(name);
      if (present !== undefined) {
        present.listeners.add(listener);
        return present.confirmed;
      }
      const added: Channel = { listeners: new Set([listener]), confirmed: subscriber.add(name) };
      channels.set(name, added);
      try {
        await added.confirmed;
      } catch (error) {
        if (channels.get(name) === added) channels.delete(name);
        throw error;
      }
    },

    async unsubscribe(channel, listener) {
      const name = channelName(prefix, channel);
      const present = channels.get(name);
      present?.listeners.delete(listener);
      if (present === undefined || present.listeners.size > 0) return;
      channels.delete(name);
      await subscriber.delete(name);
    },

    onReset(listener) {
      resets.push(listener);
    },

    health: (): BusHealth =>
      commands.isUp && subscriber.isUp ? { ok: true } : { ok: false, detail: 'Redis is out of reach' },
  };
};
