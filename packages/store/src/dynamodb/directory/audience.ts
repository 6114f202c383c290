import type { Candidate, Matcher } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import type { FilterDecision, FilterRows } from './filter-rows.js';
import { inParallel } from './in-parallel.js';
import { isLive, partitionPk } from './keys.js';

type Attributes = Parameters<Matcher>[0];

/** Rows of one partition past which those who ask for the same are spread over more. */
const CROWDED = 1_000;
const READS_AT_ONCE = 32;

/** What was read, by topic and by filter. */
interface Kept {
  readonly topics: Map<string, Promise<readonly FilterDecision[]>>;
  readonly receivers: Map<string, Promise<readonly string[]>>;
}

const nothing = (): Kept => ({ topics: new Map(), receivers: new Map() });

const once = <T>(kept: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
  const present = kept.get(key);
  if (present !== undefined) return present;
  const reading = read();
  kept.set(key, reading);
  // What could not be read is read again.
  reading.catch(() => kept.delete(key));
  return reading;
};

/** Who gets an event, as publishers read it: the filters of its topic first, then the partitions of those that match. */
export class Audience {
  readonly #client: DynamoClient;
  readonly #filters: FilterRows;
  /** In Unix seconds. */
  readonly #now: () => number;
  #kept: Kept | undefined;

  constructor(client: DynamoClient, filters: FilterRows, now: () => number) {
    this.#client = client;
    this.#filters = filters;
    this.#now = now;
  }

  /** What is read from here on serves until this is called again: all events of one append are matched by one reading. */
  readAnew(): void {
    this.#kept = nothing();
  }

  async candidates(topic: string, attributes: Attributes): Promise<Candidate[]> {
    const kept = this.#kept ?? nothing();
    const filters = await once(kept.topics, topic, () => this.#filters.ofTopic(topic));
    const matched = filters.filter(({ matcher }) => matcher(attributes));
    return inParallel(matched, READS_AT_ONCE, async (filter) => ({
      matcher: filter.matcher,
      connectionIds: await once(kept.receivers, `${topic}#${filter.hash}`, () => this.#receivers(filter)),
    }));
  }

  async #receivers(filter: FilterDecision): Promise<readonly string[]> {
    const { topic, hash, shards } = filter;
    const pks = Array.from({ length: shards }, (_, shard) => partitionPk(topic, hash, shard));
    const parts = await inParallel(pks, READS_AT_ONCE, (pk) => this.#partition(pk));
    if (parts.some(({ rows }) => rows > CROWDED)) await this.#filters.double(filter);
    return parts.flatMap(({ ids }) => ids);
  }

  /** One part of those who asked for the same: whose token is past its time is sent nothing. */
  async #partition(pk: string): Promise<{ readonly ids: readonly string[]; readonly rows: number }> {
    const rows = await this.#client.queryAll({
      TableName: this.#client.tables.subscriptions,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ProjectionExpression: 'connectionId, tokenExp, #ttl',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
    });
    const now = this.#now();
    const live = rows.filter((row) => isLive(row, now) && (row['tokenExp'] as number) > now);
    return { ids: live.map(({ connectionId }) => connectionId as string), rows: rows.length };
  }
}
