import type { PartChecks } from './backing/backing.js';
import type { Checks } from './http/own.js';

export interface ReadinessOptions {
  readonly checks: PartChecks;
  /** What is known without a look: false where what the nodes share is out of reach. */
  readonly isSharedWell: () => boolean;
}

const PHRASES: Readonly<Record<string, string>> = { store: 'cannot be written' };

/** Whether the server can do its work: looked at when asked, and from time to time for what `getStatus` tells. */
export class Readiness {
  isDraining = false;
  readonly #options: ReadinessOptions;
  readonly #failing = new Set<string>();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  get status(): 'operational' | 'degraded' | 'draining' {
    if (this.isDraining) return 'draining';
    return this.#failing.size === 0 && this.#options.isSharedWell() ? 'operational' : 'degraded';
  }

  async check(): Promise<Checks> {
    const parts = Object.entries(this.#options.checks);
    const told = await Promise.all(parts.map(async ([name, look]) => [name, await this.#look(name, look)] as const));
    return { ...Object.fromEntries(told), connections: this.isDraining ? 'draining' : 'ok' };
  }

  async #look(name: string, look: () => Promise<void>): Promise<string> {
    try {
      await look();
      this.#failing.delete(name);
      return 'ok';
    } catch {
      // The reason is for the log: it may tell paths and hosts.
      this.#failing.add(name);
      return PHRASES[name] ?? 'is out of reach';
    }
  }
}
