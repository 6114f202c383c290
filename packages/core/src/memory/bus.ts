import type { Bus, BusHealth } from '../ports/index.js';

type Listener = (bytes: Uint8Array) => void;

/** What becomes of a message on its way to one node. */
export type Passage = 'arrives' | 'is-lost' | 'comes-twice';

export interface MemoryBusOptions {
  /** Asked for each message and node. */
  readonly passage?: (channel: string, node: number) => Passage;
  /** Told what a listener threw. */
  readonly onError?: (error: unknown) => void;
}

/** One node's end of a bus in memory. */
export interface MemoryBusEnd extends Bus {
  /** The broker is out of reach: calls reject, and nothing arrives. */
  cut(): void;
  /** It is back, and what came meanwhile is lost. */
  mend(): void;
  /** Messages wait on their way. */
  hold(): void;
  release(): void;
}

class End implements MemoryBusEnd {
  readonly number: number;
  readonly channels = new Map<string, Set<Listener>>();
  readonly #bus: MemoryBus;
  readonly #resets: (() => void)[] = [];
  #held: (() => void)[] | undefined;
  isCut = false;

  constructor(bus: MemoryBus, number: number) {
    this.#bus = bus;
    this.number = number;
  }

  publish(channel: string, bytes: Uint8Array): number | Promise<number> {
    return this.isCut ? this.#refuse() : this.#bus.publish(channel, bytes);
  }

  subscribe(channel: string, listener: Listener): void | Promise<void> {
    if (this.isCut) return this.#refuse();
    this.channels.set(channel, (this.channels.get(channel) ?? new Set()).add(listener));
  }

  unsubscribe(channel: string, listener: Listener): void {
    const listeners = this.channels.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.channels.delete(channel);
  }

  onReset(listener: () => void): void {
    this.#resets.push(listener);
  }

  health(): BusHealth {
    return this.isCut ? { ok: false, detail: 'cut' } : { ok: true };
  }

  cut(): void {
    this.isCut = true;
    if (this.#held !== undefined) this.#held = [];
  }

  mend(): void {
    if (!this.isCut) return;
    this.isCut = false;
    for (const told of this.#resets) told();
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const arrive of held) arrive();
  }

  /** A message is on its way. */
  send(arrive: () => void): void {
    void Promise.resolve().then(() => {
      if (this.isCut) return;
      if (this.#held === undefined) arrive();
      else this.#held.push(arrive);
    });
  }

  #refuse(): Promise<never> {
    return Promise.reject(new Error('the bus is out of reach'));
  }
}

class MemoryBus {
  readonly #options: MemoryBusOptions;
  readonly #ends: End[] = [];

  constructor(options: MemoryBusOptions) {
    this.#options = options;
  }

  node(): MemoryBusEnd {
    const end = new End(this, this.#ends.length);
    this.#ends.push(end);
    return end;
  }

  publish(channel: string, bytes: Uint8Array): number {
    const message = bytes.slice();
    let reached = 0;
    for (const end of this.#ends) {
      const listeners = end.channels.get(channel);
      if (listeners === undefined || end.isCut) continue;
      reached += 1;
      const passage = this.#options.passage?.(channel, end.number) ?? 'arrives';
      if (passage === 'is-lost') continue;
      const now = [...listeners];
      for (let n = passage === 'comes-twice' ? 2 : 1; n > 0; n -= 1) {
        end.send(() => {
          for (const listener of now) this.#hear(end, channel, listener, message);
        });
      }
    }
    return reached;
  }

  #hear(end: End, channel: string, listener: Listener, message: Uint8Array): void {
    // It may have left between the message and its arrival.
    if (end.channels.get(channel)?.has(listener) !== true) return;
    try {
      listener(message);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** A bus between nodes of one process, each with an end of its own that can be cut: for tests and simulations. */
export const memoryBus = (options: MemoryBusOptions = {}): { node(): MemoryBusEnd } => new MemoryBus(options);
