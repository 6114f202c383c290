import type { Bus, BusHealth } from '@aideals/core';
import type { Client, RedisConnection } from './connection.js';

type Listener = (bytes: Uint8Array) => void;

interface Channel {
  readonly listeners: Set<Listener>;
  /** Resolves when Redis has confirmed the subscription. */
  confirmed: Promise<void>;
}

export interface RedisBusOptions {
  /** Where messages are published. */
  readonly commands: RedisConnection;
  /** Where they come from. */
  readonly subscriber: RedisConnection;
  readonly prefix: string;
  /** Told what a listener threw. Its other listeners and the publisher are not. */
  readonly onError: (error: unknown, channel: string) => void;
}

/** The name of a channel in Redis. It lies outside of `<prefix>:*`, where others publish; those of the log share a slot. */
export const channelName = (prefix: string, channel: string): string =>
  channel.startsWith('log:') ? `${prefix}.bus:{log}:${channel.slice(4)}` : `${prefix}.bus:${channel}`;

/** The bus on the pub/sub of Redis: one subscription a channel, however many listeners it has here. */
export const redisBus = ({ commands, subscriber, prefix, onError }: RedisBusOptions): Bus => {
  const channels = new Map<string, Channel>();
  const resets: (() => void)[] = [];

  const hear = (name: string, bytes: Uint8Array): void => {
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
  };

  const listenOn = (client: Client, names: string[]): Promise<void> =>
    client.subscribe(names, (message: Buffer, name: string | Buffer) => hear(String(name), message), true);

  subscriber.onReady(async (client) => {
    if (channels.size > 0) await listenOn(client, [...channels.keys()]);
    // After the client is in use: who reads what was missed may subscribe.
    setImmediate(() => {
      for (const reset of resets) reset();
    });
  });

  return {
    publish: (channel, bytes) =>
      commands.run((client) =>
        client.sendCommand<number>([
          'PUBLISH',
          channelName(prefix, channel),
          // As over a wire: the publisher may use its buffer again.
          Buffer.from(bytes),
        ]),
      ),

    async subscribe(channel, listener) {
      const name = channelName(prefix, channel);
      const present = channels.get(name);
      if (present !== undefined) {
        present.listeners.add(listener);
        return present.confirmed;
      }
      const added: Channel = { listeners: new Set([listener]), confirmed: Promise.resolve() };
      channels.set(name, added);
      added.confirmed = subscriber.run((client) => listenOn(client, [name]));
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
      // Where Redis is away there is nothing to end: what is subscribed is told anew when it is back.
      await subscriber.run((client) => client.unsubscribe(name)).catch(() => undefined);
    },

    onReset(listener) {
      resets.push(listener);
    },

    health: (): BusHealth =>
      commands.isUp && subscriber.isUp ? { ok: true } : { ok: false, detail: 'Redis is out of reach' },
  };
};
