import type { Awaitable } from './awaitable.js';

export interface BusHealth {
  readonly ok: boolean;
  readonly detail?: string;
}

/**
 * Carries bytes between the nodes of a deployment. Lossy by contract: what matters is stored first, and gaps are found by
 * position. `subscribe` resolves when the broker has confirmed it; `publish` answers how many nodes were reached (each node
 * counts once on a channel), and rejects where the broker is out of reach. All channels that begin with `log:` come to a node
 * in the one order in which they were published; after an outage none of them comes before `onReset` was told, so that what was
 * lost on one of these channels is known before what follows on another.
 */
export interface Bus {
  publish(channel: string, bytes: Uint8Array): Awaitable<number>;
  subscribe(channel: string, listener: (bytes: Uint8Array) => void): Awaitable<void>;
  unsubscribe(channel: string, listener: (bytes: Uint8Array) => void): Awaitable<void>;
  /** Told each time that all subscriptions stand again after the broker was out of reach: what came meanwhile is lost. */
  onReset(listener: () => void): void;
  health(): Awaitable<BusHealth>;
}
