import { headKey } from './row-keys.js';
import type { Batch, Db } from './writer.js';

/** Partitions of which at least the latest heads are kept in memory; at most twice as many are. */
const KEPT = 10_000;

/**
 * The last number of each partition. Those that were given lately are read from memory: a conversation that goes on asks for
 * its head with every message.
 *
 * They are kept in two generations, of which the older one is dropped when the younger one is full, and that only when a
 * batch has become durable: whatever a batch gave is in one of the two until the database has it.
 */
export class Heads {
  readonly #db: Db;
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #batch: Batch | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Forgets what could not be written. */
  reset(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#batch = undefined;
  }

  get(pk: string): number {
    return this.#young.get(pk) ?? this.#old.get(pk) ?? Number(this.#db.get(headKey(pk)) ?? 0);
  }

  set(batch: Batch, pk: string, seq: number): void {
    batch.put(this.#db, headKey(pk), String(seq));
    this.#young.set(pk, seq);
    if (batch === this.#batch) return;
    this.#batch = batch;
    batch.onDurable(() => this.#turnOver());
  }

  #turnOver(): void {
    if (this.#young.size < KEPT) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
