import type { RedisConnection } from './connection.js';
import type { Client } from './dial.js';

/** The way of messages from Redis. */
export interface SubscriberLink {
  readonly isUp: boolean;
  onMessage(listener: (bytes: Buffer, channel: string) => void): void;
  /** Resolves when Redis has confirmed the subscription; rejects with `RedisAway`, and forgets it. */
  add(channel: string): Promise<void>;
  /** Resolves when it is ended, or Redis is away. */
  delete(channel: string): Promise<void>;
  /** Told each time that all subscriptions stand again after some did not. */
  onReset(listener: () => void): void;
}

/** All subscriptions on one connection, so all messages in one order. */
export const subscriberOn = (connection: RedisConnection): SubscriberLink => {
  const channels = new Set<string>();
  const listeners: ((bytes: Buffer, channel: string) => void)[] = [];
  // The client keeps channels by their listeners: with one for all, the end of a subscription takes no later one along.
  const hear = (bytes: Buffer, channel: string | Buffer): void => {
    for (const listener of listeners) listener(bytes, String(channel));
  };
  const listen = (client: Client, names: string[]): Promise<void> => client.subscribe(names, hear, true);
  let prepared: readonly string[] = [];
  connection.onReady(async (client) => {
    prepared = [...channels];
    if (prepared.length > 0) await listen(client, [...prepared]);
  });
  connection.onUp(() => {
    // Whoever left meanwhile found no connection to say so on.
    const left = prepared.filter((channel) => !channels.has(channel));
    if (left.length > 0) connection.run((client) => client.unsubscribe(left, hear, true)).catch(() => undefined);
  });
  return {
    get isUp() {
      return connection.isUp;
    },
    onMessage: (listener) => void listeners.push(listener),
    async add(channel) {
      channels.add(channel);
      try {
        await connection.run((client) => listen(client, [channel]));
      } catch (error) {
        channels.delete(channel);
        throw error;
      }
    },
    async delete(channel) {
      channels.delete(channel);
      await connection.run((client) => client.unsubscribe(channel, hear, true)).catch(() => undefined);
    },
    onReset: (listener) => connection.onUp(listener),
  };
};
