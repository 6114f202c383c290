import { type Clock, IdempotencyConflict } from '@aideals/core';
import { KEY_SECONDS } from '@aideals/core/memory';
import type { DynamoClient, Item } from '../client.js';
import { writeToken } from '../tokens.js';
import { claimKey, type LogItem } from './items.js';
import type { Packed } from './packing.js';
import type { Content, Placed, Placing } from './placing.js';
import type { LogReader } from './reader.js';

/** What an idempotency key stands for: the list that was appended under it, and where that is, or is meant to be. */
interface Claim {
  readonly digest: string;
  /** The offset of its first event. */
  readonly first: number;
  readonly count: number;
  /** It is marked in the log by this. */
  readonly token: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  /** Whether it stands in the log for certain. */
  readonly done: boolean;
}

export interface Once {
  readonly key: string;
  readonly digest: string;
}

/** Where a list stands. `found` tells that it stood there before this call; `finish` belongs between the flush and the confirmation. */
export interface Claimed {
  readonly placed: Placed | undefined;
  readonly first: number;
  readonly count: number;
  readonly found: 'no' | 'undone' | 'done';
  readonly finish: () => Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

/** Items that were appended under a key are kept for longer than the key: by them it is known what became of it. */
const MARKED_SECONDS = KEY_SECONDS + 3_600;

const claimOf = (item: Item): Claim => ({
  digest: item['g'] as string,
  first: item['o'] as number,
  count: item['n'] as number,
  token: item['c'] as string,
  expiresAt: item['x'] as number,
  done: item['f'] === true,
});

/**
 * Appends at most once under a key. A claim carries the place that the list is meant for; a repeat walks the same steps, and
 * completes them: where the place is taken by another list, the claim moves on, and where its own list stands it is done.
 */
export class Claims {
  readonly #client: DynamoClient;
  readonly #clock: Clock;
  readonly #placing: Placing;
  readonly #reader: LogReader;

  constructor(options: { client: DynamoClient; clock: Clock; placing: Placing; reader: LogReader }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#placing = options.placing;
    this.#reader = options.reader;
  }

  /** Throws an `IdempotencyConflict` where the key stands for another list. */
  async append(list: Packed, { key, digest }: Once): Promise<Claimed> {
    for (;;) {
      const present = await this.#read(key);
      if (present !== undefined && present.digest !== digest) throw new IdempotencyConflict();
      if (present?.done === true) {
        return { placed: undefined, first: present.first, count: present.count, found: 'done', finish: nothing };
      }
      const claim = present ?? (await this.#take(key, digest, list.events.length));
      if (claim === undefined) continue;
      const claimed = await this.#walk(key, claim, list, present !== undefined);
      if (claimed !== undefined) return claimed;
    }
  }

  /** Undefined where the claim became another one meanwhile. */
  async #walk(key: string, taken: Claim, list: Packed, isOld: boolean): Promise<Claimed | undefined> {
    let claim = taken;
    if (claim.done) return { placed: undefined, first: claim.first, count: claim.count, found: 'no', finish: nothing };
    let content: Content | undefined;
    let end = isOld ? await this.#placing.look() : await this.#placing.end();
    for (;;) {
      const { first, token } = claim;
      // A place that the log has passed is never put to: what stood there may be gone.
      let taker: LogItem | undefined;
      if (first <= end) taker = await this.#reader.itemAt(first);
      else {
        content ??= await this.#placing.content(list, { claim: token, keptSeconds: MARKED_SECONDS });
        taker = await this.#placing.put(content, first);
        if (taker === undefined) {
          const placed = { first, count: content.count, token: content.token };
          return { placed, first, count: placed.count, found: 'no', finish: () => this.#finish(key, token) };
        }
      }
      if (taker?.c === token && taker.x !== true) {
        const finish = (): Promise<void> => this.#finish(key, token);
        return { placed: undefined, first, count: taker.n, found: 'undone', finish };
      }
      end = await this.#placing.look();
      const moved = await this.#moveOn(key, claim, end + 1);
      if (moved === undefined) return undefined;
      claim = moved;
    }
  }

  async #read(key: string): Promise<Claim | undefined> {
    const item = await this.#client.get({ TableName: this.#client.tables.aideals, Key: claimKey(key) });
    const claim = item && claimOf(item);
    return claim === undefined || claim.expiresAt <= this.#clock.now() ? undefined : claim;
  }

  /** A new claim, or undefined where another was faster. An empty list stands nowhere, and is done. */
  async #take(key: string, digest: string, count: number): Promise<Claim | undefined> {
    const now = this.#clock.now();
    const expiresAt = now + KEY_SECONDS * 1000;
    const first = count === 0 ? 0 : (await this.#placing.end()) + 1;
    const claim: Claim = { digest, first, count, token: writeToken(), expiresAt, done: count === 0 };
    const { stored, ...answer } = await this.#client.put({
      TableName: this.#client.tables.aideals,
      Item: {
        ...claimKey(key),
        g: digest,
        o: first,
        n: count,
        c: claim.token,
        x: expiresAt,
        f: claim.done,
        ttl: Math.ceil(expiresAt / 1000),
      },
      ConditionExpression: 'attribute_not_exists(pk) OR #x <= :now',
      ExpressionAttributeNames: { '#x': 'x' },
      ExpressionAttributeValues: { ':now': now },
    });
    if (stored) return claim;
    if (!('unclear' in answer && answer.unclear)) return undefined;
    const present = await this.#read(key);
    return present?.token === claim.token ? present : undefined;
  }

  /** The claim with the place that it means from now on: this one, or where another that walks it has moved it. */
  async #moveOn(key: string, claim: Claim, first: number): Promise<Claim | undefined> {
    const { stored } = await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: claimKey(key),
      UpdateExpression: 'SET #o = :to',
      ConditionExpression: '#c = :c AND #o = :from',
      ExpressionAttributeNames: { '#o': 'o', '#c': 'c' },
      ExpressionAttributeValues: { ':to': first, ':from': claim.first, ':c': claim.token },
    });
    if (stored) return { ...claim, first };
    const now = await this.#read(key);
    return now?.token === claim.token ? now : undefined;
  }

  async #finish(key: string, token: string): Promise<void> {
    await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: claimKey(key),
      UpdateExpression: 'SET #f = :f',
      ConditionExpression: '#c = :c',
      ExpressionAttributeNames: { '#f': 'f', '#c': 'c' },
      ExpressionAttributeValues: { ':f': true, ':c': token },
    });
  }
}
