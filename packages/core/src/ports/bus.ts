import type { Awaitable } from './awaitable.js';

export interface BusHealth {
  readonly ok: boolean;
  readonly detail?: string;
}

/**
 * Carries bytes between the nodes of a deployment. Lossy by contract: what matters is stored first, and gaps are found by
 * position. `subscribe` resolves when the broker has confirmed it; `publish` answers how many subscribers were reached.
 */
export interface Bus {
  publish(channel: string, bytes: Uint8Array): Awaitable<number>;
  subscribe(channel: string, listener: (bytes: Uint8Array) => void): Awaitable<void>;
  unsubscribe(channel: string, listener: (bytes: Uint8Array) => void): Awaitable<void>;
  health(): Awaitable<BusHealth>;
}
