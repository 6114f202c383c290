import { setTimeout as pause } from 'node:timers/promises';
import { type AppendOptions, type Clock, place } from '@aideals/core';
import { LRUCache } from 'lru-cache';
import type { DynamoClient } from './client.js';
import { DynamoUnavailable } from './faults.js';
import { Queues } from './queue.js';
import { headKey, rowKey } from './row-item.js';
import { writeToken } from './tokens.js';
import type { Versions } from './versions.js';

/** How long a head that was seen is tried without being read again. */
const SEEN_MS = 10_000;
const SEEN_KEYS = 10_000;

const ATTEMPTS = 64;
const PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 250;

/**
 * Dense appends. A row is put at the place past the head, where nothing stands, and then the head moves up; who meets a row
 * past the head moves it first. So there is at most one such row, a number is never given twice, and a head that was seen
 * long ago does no harm: the place past it is taken, also by a row that was deleted since.
 */
export class Appends {
  readonly #client: DynamoClient;
  readonly #clock: Clock;
  readonly #versions: Versions;
  readonly #queues = new Queues();
  readonly #seen = new LRUCache<string, number>({ max: SEEN_KEYS, ttl: SEEN_MS });

  constructor(client: DynamoClient, clock: Clock, versions: Versions) {
    this.#client = client;
    this.#clock = clock;
    this.#versions = versions;
  }

  /** The last number given under a key, which never expires. */
  async head(pk: string): Promise<number> {
    const item = await this.#client.get({ TableName: this.#client.tables.aideals, Key: headKey(pk) });
    return (item?.['n'] as number | undefined) ?? 0;
  }

  /** The number given, or undefined where the place asked for is not the next one. Those of one key wait for each other. */
  append(pk: string, text: string, options: AppendOptions): Promise<number | undefined> {
    return this.#queues.run(pk, () => this.#append(pk, text, options));
  }

  async #append(pk: string, text: string, { at, expiresAt }: AppendOptions): Promise<number | undefined> {
    const token = writeToken();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const seen = this.#seen.get(pk);
      const head = seen ?? (await this.head(pk));
      const seq = head + 1;
      if (at !== undefined && at !== seq) {
        this.#seen.delete(pk);
        if (seen !== undefined || (await this.#movePast(pk, seq))) continue;
        return undefined;
      }
      if (await this.#put(pk, seq, text, token, expiresAt)) {
        await this.#move(pk, seq);
        this.#seen.set(pk, seq);
        return seq;
      }
      await this.#move(pk, seq);
      this.#seen.delete(pk);
      if (at !== undefined) return undefined;
      if (seen === undefined) await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** attempt));
    }
    throw new DynamoUnavailable(`an append to ${this.#client.tables.aideals} met others ${ATTEMPTS} times and gave up`);
  }

  /** Whether the row is this writer's own now. */
  async #put(pk: string, seq: number, b: string, w: string, ttl: number | undefined): Promise<boolean> {
    const TableName = this.#client.tables.aideals;
    const Key = rowKey(pk, place(seq));
    const written = await this.#client.put({
      TableName,
      Item: { ...Key, b, w, v: this.#versions.next(), ttl },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    if (written.stored) return true;
    return written.unclear && (await this.#client.get({ TableName, Key }))?.['w'] === w;
  }

  /** Moves the head over a row that stands past it, and tells whether there was one. */
  async #movePast(pk: string, seq: number): Promise<boolean> {
    const row = await this.#client.get({ TableName: this.#client.tables.aideals, Key: rowKey(pk, place(seq)) });
    if (row === undefined) return false;
    await this.#move(pk, seq);
    return true;
  }

  async #move(pk: string, n: number): Promise<void> {
    await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: headKey(pk),
      UpdateExpression: 'SET #n = :n, #at = :at',
      ConditionExpression: 'attribute_not_exists(pk) OR #n < :n',
      ExpressionAttributeNames: { '#n': 'n', '#at': 'at' },
      ExpressionAttributeValues: { ':n': n, ':at': this.#clock.now() },
    });
  }
}
