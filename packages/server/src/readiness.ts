import type { Table } from '@aideals/core';
import type { Checks } from './http/own.js';

/** Whether the server can do its work: looked at when asked, and from time to time for what `getStatus` tells. */
export class Readiness {
  isDraining = false;
  readonly #table: Table;
  #isStoreWell = true;

  constructor(table: Table) {
    this.#table = table;
  }

  get status(): 'operational' | 'degraded' | 'draining' {
    if (this.isDraining) return 'draining';
    return this.#isStoreWell ? 'operational' : 'degraded';
  }

  async check(): Promise<Checks> {
    const store = await this.#checkStore();
    return { store, connections: this.isDraining ? 'draining' : 'ok' };
  }

  async #checkStore(): Promise<string> {
    try {
      await this.#table.check();
      this.#isStoreWell = true;
      return 'ok';
    } catch {
      // The reason is for the log: it may tell paths.
      this.#isStoreWell = false;
      return 'cannot be written';
    }
  }
}
