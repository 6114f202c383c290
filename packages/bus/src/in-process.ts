import type { Bus, BusHealth } from '@aideals/core';

export interface InProcessBusOptions {
  /** Told what a listener threw. Its other listeners and the publisher are not. */
  readonly onError: (error: unknown, channel: string) => void;
}

type Listener = (bytes: Uint8Array) => void;

/** The bus of a single node. Listeners are called after `publish` has returned, in the order of the messages. */
export const inProcessBus = ({ onError }: InProcessBusOptions): Bus => {
  const channels = new Map<string, Set<Listener>>();

  const hear = (channel: string, listener: Listener, bytes: Uint8Array): void => {
    // It may have left between the message and its delivery.
    if (channels.get(channel)?.has(listener) !== true) return;
    try {
      listener(bytes);
    } catch (error) {
      onError(error, channel);
    }
  };

  return {
    publish(channel: string, bytes: Uint8Array): number {
      const listeners = channels.get(channel);
      if (listeners === undefined) return 0;
      // As over a wire: the publisher may use its buffer again.
      const message = bytes.slice();
      const now = [...listeners];
      queueMicrotask(() => {
        for (const listener of now) hear(channel, listener, message);
      });
      return now.length;
    },

    subscribe(channel: string, listener: Listener): void {
      channels.set(channel, (channels.get(channel) ?? new Set()).add(listener));
    },

    unsubscribe(channel: string, listener: Listener): void {
      const listeners = channels.get(channel);
      listeners?.delete(listener);
      if (listeners?.size === 0) channels.delete(channel);
    },

    onReset: () => undefined,

    health: (): BusHealth => ({ ok: true }),
  };
};
