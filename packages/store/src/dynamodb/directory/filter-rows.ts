import { type Clock, compile, type Matcher, toSeconds } from '@aideals/core';
import { LRUCache } from 'lru-cache';
import type { DynamoClient, Item } from '../client.js';
import { filtersPk, isLive } from './keys.js';

type Filters = Parameters<typeof compile>[0];

/** A row outlives each subscription that was placed by it: it is renewed while no connection made now could outlive it. */
const KEPT_SECONDS = 21_600;
const RENEWED_SECONDS = 10_800;

const COMPILED = 10_000;
const MOST_SHARDS = 1_024;

/** One distinct filter of a topic. */
export interface FilterRow {
  readonly topic: string;
  readonly hash: string;
  readonly shards: number;
  readonly ttl: number;
}

export interface FilterDecision extends FilterRow {
  readonly matcher: Matcher;
}

const rowOf = (topic: string, item: Item): FilterRow => ({
  topic,
  hash: item['sk'] as string,
  shards: item['shards'] as number,
  ttl: item['ttl'] as number,
});

/** The distinct filters of each topic, and over how many partitions those who asked for them are spread. */
export class FilterRows {
  readonly #client: DynamoClient;
  readonly #clock: Clock;
  readonly #compiled = new LRUCache<string, Matcher>({ max: COMPILED });

  constructor(client: DynamoClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The row as it is now; undefined where there is none, or it expired. */
  async get(topic: string, hash: string): Promise<FilterRow | undefined> {
    const item = await this.#client.get({ TableName: this.#table, Key: { pk: filtersPk(topic), sk: hash } });
    return isLive(item, this.#now()) ? rowOf(topic, item) : undefined;
  }

  /** Makes the row where there is none, and lets it live on where it would end too early. `seen` is as it was read. */
  async keep(topic: string, hash: string, filters: string, seen: FilterRow | undefined): Promise<void> {
    let row = seen;
    for (;;) {
      const now = this.#now();
      if (row !== undefined && row.ttl - now >= RENEWED_SECONDS) return;
      const done = row === undefined ? await this.#make(topic, hash, filters, now) : await this.#renew(row, now);
      if (done) return;
      row = await this.get(topic, hash);
    }
  }

  /** The filters of a topic, as decisions. */
  async ofTopic(topic: string): Promise<FilterDecision[]> {
    const items = await this.#client.queryAll({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': filtersPk(topic) },
    });
    const now = this.#now();
    return items
      .filter((item) => isLive(item, now))
      .map((item) => ({ ...rowOf(topic, item), matcher: this.#matcher(item) }));
  }

  /** Spreads over twice as many partitions from now on; others may have done so. */
  async double({ topic, hash, shards }: FilterRow): Promise<void> {
    if (shards >= MOST_SHARDS) return;
    await this.#client.update({
      TableName: this.#table,
      Key: { pk: filtersPk(topic), sk: hash },
      UpdateExpression: 'SET #shards = :double',
      ConditionExpression: '#shards = :shards',
      ExpressionAttributeNames: { '#shards': 'shards' },
      ExpressionAttributeValues: { ':double': shards * 2, ':shards': shards },
    });
  }

  get #table(): string {
    return this.#client.tables.aideals;
  }

  #now(): number {
    return toSeconds(this.#clock.now());
  }

  #matcher(item: Item): Matcher {
    const text = item['filters'] as string;
    const present = this.#compiled.get(text);
    if (present !== undefined) return present;
    const matcher = compile(JSON.parse(text) as Filters);
    this.#compiled.set(text, matcher);
    return matcher;
  }

  async #make(topic: string, hash: string, filters: string, now: number): Promise<boolean> {
    const { stored } = await this.#client.put({
      TableName: this.#table,
      Item: { pk: filtersPk(topic), sk: hash, filters, shards: 1, ttl: now + KEPT_SECONDS },
      ConditionExpression: 'attribute_not_exists(pk) OR #ttl <= :now',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': now },
    });
    return stored;
  }

  /** A row that is still as it was read. */
  async #renew({ topic, hash, shards, ttl }: FilterRow, now: number): Promise<boolean> {
    const { stored } = await this.#client.update({
      TableName: this.#table,
      Key: { pk: filtersPk(topic), sk: hash },
      UpdateExpression: 'SET #ttl = :renewed',
      ConditionExpression: '#ttl = :ttl AND #shards = :shards',
      ExpressionAttributeNames: { '#ttl': 'ttl', '#shards': 'shards' },
      ExpressionAttributeValues: { ':renewed': now + KEPT_SECONDS, ':ttl': ttl, ':shards': shards },
    });
    return stored;
  }
}
