import type { Bus, Limiter, SharedStreams, Table } from '@aideals/core';
import { Segments } from '@aideals/core/memory';
import type { Link } from './link.js';

type Listener = (bytes: Uint8Array) => void;

/** A table that its owner keeps. */
export const remoteTable = (link: Link, name: string): Table => {
  const call =
    <M extends keyof Table>(method: M) =>
    (...args: readonly unknown[]) =>
      link.call(`${name}.${method}`, ...args) as never;
  return {
    get: call('get'),
    put: call('put'),
    putMany: call('putMany'),
    append: call('append'),
    head: call('head'),
    delete: call('delete'),
    query: call('query'),
    sweep: call('sweep'),
    check: call('check'),
  };
};

export interface RemoteStreams extends SharedStreams {
  /** The owner tells of its segments before it answers with ids of a new one. */
  know(segments: readonly { readonly name: string; readonly first: number }[]): void;
}

/** The log that its owner keeps. */
export const remoteStreams = (link: Link): RemoteStreams => {
  let segments = new Segments([]);
  const call =
    (method: string) =>
    (...args: readonly unknown[]) =>
      link.call(`streams.${method}`, ...args) as never;
  return {
    append: call('append'),
    locate: call('locate'),
    read: call('read'),
    top: call('top'),
    trim: call('trim'),
    positions: async (channels) => {
      const positions = await link.call('streams.positions', channels);
      return { ...(positions as { top: number; last: readonly number[] }), idOf: (offset) => segments.idOf(offset) };
    },
    idOf: (offset) => segments.idOf(offset),
    know(list) {
      segments = new Segments(list);
    },
  };
};

export const remoteLimiter = (link: Link): Limiter => ({
  take: (...args) => link.call('limiter.take', ...args) as never,
});

export interface RemoteBus extends Bus {
  /** A message came. */
  hear(channel: string, bytes: Uint8Array): void;
}

/** The bus between the workers. It is lost with its owner, and so is this process: there are no resets. */
export const remoteBus = (link: Link, failed: (error: unknown, channel: string) => void): RemoteBus => {
  const channels = new Map<string, { readonly listeners: Set<Listener>; confirmed: Promise<unknown> }>();
  return {
    publish: (channel, bytes) => link.call('bus.publish', channel, bytes) as Promise<number>,
    async subscribe(channel, listener) {
      const present = channels.get(channel);
      if (present !== undefined) {
        present.listeners.add(listener);
        await present.confirmed;
        return;
      }
      const confirmed = link.call('bus.subscribe', channel);
      channels.set(channel, { listeners: new Set([listener]), confirmed });
      await confirmed;
    },
    async unsubscribe(channel, listener) {
      const present = channels.get(channel);
      present?.listeners.delete(listener);
      if (present === undefined || present.listeners.size > 0) return;
      channels.delete(channel);
      await link.call('bus.unsubscribe', channel);
    },
    onReset: () => undefined,
    health: () => ({ ok: true }),
    hear(channel, bytes) {
      for (const listener of [...(channels.get(channel)?.listeners ?? [])]) {
        try {
          listener(bytes);
        } catch (error) {
          failed(error, channel);
        }
      }
    },
  };
};
