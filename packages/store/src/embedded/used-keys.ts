import { KEY_SECONDS } from '@aideals/core/memory';
import { forgetKey, forgetRange, hashOf, hashOfForget, idempotencyKey } from './log-keys.js';
import { Pending } from './pending.js';
import type { Batch, Db } from './writer.js';

/** What an idempotency key was used for. `expiresAt` is Unix milliseconds. */
export interface UsedKey {
  readonly digest: string;
  readonly first: number;
  readonly count: number;
  readonly expiresAt: number;
}

/** More than are added at a time, so that the forgotten ones do not pile up. */
const FORGOTTEN_AT_A_TIME = 4;

/** The idempotency keys of the last 24 hours. */
export class UsedKeys {
  readonly #db: Db;
  readonly #pending = new Pending<UsedKey>();

  constructor(db: Db) {
    this.#db = db;
  }

  reset(): void {
    this.#pending.clear();
  }

  get(key: string, now: number): UsedKey | undefined {
    const used = this.#read(hashOf(key));
    return used === undefined || used.expiresAt <= now ? undefined : used;
  }

  put(batch: Batch, key: string, use: Omit<UsedKey, 'expiresAt'>, now: number): void {
    this.#forget(batch, now);
    const hash = hashOf(key);
    const used = { ...use, expiresAt: now + KEY_SECONDS * 1000 };
    batch.put(this.#db, idempotencyKey(hash), JSON.stringify(used));
    batch.put(this.#db, forgetKey(used.expiresAt, hash), '');
    this.#pending.set(batch, used, hash.toString('hex'));
  }

  #read(hash: Buffer): UsedKey | undefined {
    const pending = this.#pending.get(hash.toString('hex'));
    if (pending !== undefined) return pending.value;
    const value = this.#db.get(idempotencyKey(hash));
    return value === undefined ? undefined : (JSON.parse(value) as UsedKey);
  }

  #forget(batch: Batch, now: number): void {
    for (const key of this.#db.getKeys({ ...forgetRange(now), limit: FORGOTTEN_AT_A_TIME })) {
      batch.remove(this.#db, key);
      const hash = hashOfForget(key);
      // It may have been used again since.
      const used = this.#read(hash);
      if (used !== undefined && used.expiresAt <= now) batch.remove(this.#db, idempotencyKey(hash));
    }
  }
}
