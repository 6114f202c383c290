import type { Batch } from './writer.js';

interface Entry<V> {
  readonly value: V;
  readonly batch: Batch;
}

/**
 * What was written and is not durable yet: it is read from here, so that a write is visible at once, while the database
 * may or may not show it. Two levels of names; the second one can be left out.
 */
export class Pending<V> {
  readonly #groups = new Map<string, Map<string, Entry<V>>>();
  #batch: Batch | undefined;
  #touched: [group: string, name: string][] = [];

  get(group: string, name = ''): { readonly value: V } | undefined {
    return this.#groups.get(group)?.get(name);
  }

  /** All of a group, in no order. */
  of(group: string): ReadonlyMap<string, { readonly value: V }> | undefined {
    return this.#groups.get(group);
  }

  set(batch: Batch, value: V, group: string, name = ''): void {
    const entries = this.#groups.get(group) ?? new Map<string, Entry<V>>();
    this.#groups.set(group, entries);
    entries.set(name, { value, batch });
    if (batch !== this.#batch) {
      this.#batch = batch;
      const touched: [string, string][] = [];
      this.#touched = touched;
      batch.onDurable(() => this.#settle(batch, touched));
    }
    this.#touched.push([group, name]);
  }

  clear(): void {
    this.#groups.clear();
    this.#batch = undefined;
    this.#touched = [];
  }

  #settle(batch: Batch, touched: readonly (readonly [string, string])[]): void {
    for (const [group, name] of touched) {
      const entries = this.#groups.get(group);
      // A later batch may have written it again.
      if (entries?.get(name)?.batch !== batch) continue;
      entries.delete(name);
      if (entries.size === 0) this.#groups.delete(group);
    }
  }
}
