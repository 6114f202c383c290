import {
  type Changed,
  type Clock,
  type ConnectionRecord,
  canonical,
  type Subscribed,
  type Subscription,
} from '@aideals/core';
import type { DynamoClient, Item } from '../client.js';
import { Versions } from '../versions.js';
import type { FilterRow, FilterRows } from './filter-rows.js';
import { inParallel } from './in-parallel.js';
import {
  CONNECTION,
  connectionPk,
  endOfConnection,
  filterHash,
  isLive,
  isWish,
  partitionPk,
  shardOf,
  subscriptionSk,
  wishSk,
} from './keys.js';

const WRITES_AT_ONCE = 8;

/** What a connection asked for, as its own row has it. It names the partition in which publishers find it. */
interface Wish {
  readonly pk: string;
  readonly sk: string;
  readonly subscriptionId: string;
  readonly topic: string;
  readonly hash: string;
  readonly shard: number;
  readonly filters: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The order of the wishes of a connection. */
  readonly n: number;
  readonly ttl: number;
}

type Owner = Pick<ConnectionRecord, 'connectionId' | 'userId' | 'tokenExp'>;

const subscriptionOf = ({ subscriptionId, topic, filters }: Wish): Subscription => ({
  subscriptionId,
  topic,
  filters: JSON.parse(filters) as Subscription['filters'],
});

const keyOf = (connectionId: string, { topic, hash, shard, subscriptionId }: Wish): { pk: string; sk: string } => ({
  pk: partitionPk(topic, hash, shard),
  sk: subscriptionSk(connectionId, subscriptionId),
});

/** What is known of a connection and of what it asked for, as its partition has it. */
interface Partition {
  readonly owner: Owner | undefined;
  readonly wishes: readonly Wish[];
}

/**
 * Who asked for what: a row under the connection, written first, and one where publishers look, which is deleted first.
 */
export class Subscriptions {
  readonly #client: DynamoClient;
  readonly #clock: Clock;
  readonly #filters: FilterRows;
  readonly #versions: Versions;

  constructor(client: DynamoClient, clock: Clock, filters: FilterRows) {
    this.#client = client;
    this.#clock = clock;
    this.#filters = filters;
    this.#versions = new Versions(clock);
  }

  async subscribe(connectionId: string, wanted: Subscription, max: number): Promise<Subscribed> {
    const { topic } = wanted;
    const hash = filterHash(canonical(wanted.filters));
    const sk = wishSk(topic, hash);
    const [before, seen] = await Promise.all([this.#read(connectionId), this.#filters.get(topic, hash)]);
    if (before.owner === undefined) return { outcome: 'gone' };
    const present = before.wishes.find((wish) => wish.sk === sk);
    if (present === undefined && before.wishes.length >= max) return { outcome: 'full' };
    const wish = present ?? (await this.#put(connectionId, this.#wish(connectionId, wanted, hash, seen)));
    // Also where it was there: whoever wrote it may have been cut off before the rest.
    await this.#filters.keep(topic, hash, wish.filters, seen);
    await this.#show(before.owner, wish);
    return this.#settle(before.owner, wish, wanted, max);
  }

  async unsubscribe(connectionId: string, subscriptionId: string): Promise<Subscription | undefined> {
    const { owner, wishes } = await this.#read(connectionId);
    // More than one where a change was cut off half-way.
    const ended = wishes.filter((each) => each.subscriptionId === subscriptionId);
    const [wish] = ended;
    if (owner === undefined || wish === undefined) return undefined;
    await this.#end(connectionId, ended);
    return subscriptionOf(wish);
  }

  /** The new wish is shown before the former one is hidden. A repeat completes what was cut off. */
  async change(connectionId: string, subscriptionId: string, filters: Subscription['filters']): Promise<Changed> {
    const { owner, wishes } = await this.#read(connectionId);
    const [own] = wishes.filter((each) => each.subscriptionId === subscriptionId);
    if (owner === undefined || own === undefined) return { outcome: 'unknown' };
    const { topic, n } = own;
    const hash = filterHash(canonical(filters));
    const seen = await this.#filters.get(topic, hash);
    const wanted = { ...this.#wish(connectionId, { subscriptionId, topic, filters }, hash, seen), n };
    const present = wishes.find(({ sk }) => sk === wanted.sk);
    const wish = present ?? (await this.#put(connectionId, wanted));
    await this.#filters.keep(topic, hash, wish.filters, seen);
    await this.#show(owner, wish);
    const after = await this.#read(connectionId);
    if (after.owner === undefined) {
      await this.#end(connectionId, [wish, ...wishes, ...after.wishes]);
      return { outcome: 'unknown' };
    }
    if (after.owner.tokenExp !== owner.tokenExp) await this.#setExpiry(after.owner, wish);
    const former = [...wishes, ...after.wishes].filter(
      (each) => each.subscriptionId === subscriptionId && each.sk !== wish.sk,
    );
    await this.#end(connectionId, former);
    const outcome = wish.subscriptionId === subscriptionId ? 'changed' : 'merged';
    return { outcome, subscription: subscriptionOf(wish) };
  }

  async of(connectionId: string): Promise<readonly Subscription[]> {
    const { owner, wishes } = await this.#read(connectionId);
    return owner === undefined ? [] : wishes.map(subscriptionOf);
  }

  /** The token of a connection has another end now: what publishers find says so too. */
  async refresh(owner: Owner): Promise<void> {
    const { wishes } = await this.#read(owner.connectionId);
    await inParallel(wishes, WRITES_AT_ONCE, (wish) => this.#setExpiry(owner, wish));
  }

  /** Ends all subscriptions of a connection that is gone. */
  async forget(connectionId: string): Promise<void> {
    await this.#end(connectionId, (await this.#read(connectionId)).wishes);
  }

  #wish(connectionId: string, wanted: Subscription, hash: string, seen: FilterRow | undefined): Wish {
    const now = this.#clock.now();
    const { subscriptionId, topic, filters } = wanted;
    return {
      pk: connectionPk(connectionId),
      sk: wishSk(topic, hash),
      subscriptionId,
      topic,
      hash,
      shard: shardOf(connectionId, seen?.shards ?? 1),
      filters: JSON.stringify(filters),
      createdAt: now,
      n: this.#versions.next(),
      ttl: endOfConnection(now),
    };
  }

  /** The wish that stands then: this one, or one for the same that came before. */
  async #put(connectionId: string, wish: Wish): Promise<Wish> {
    const { aideals: TableName } = this.#client.tables;
    const written = await this.#client.put({
      TableName,
      Item: { ...wish },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    if (written.stored) return wish;
    const { wishes } = await this.#read(connectionId);
    return wishes.find(({ sk }) => sk === wish.sk) ?? wish;
  }

  async #show({ connectionId, userId, tokenExp }: Owner, wish: Wish): Promise<void> {
    const { subscriptionId, topic, filters, createdAt, ttl } = wish;
    const Item = { subscriptionId, connectionId, userId, topic, filters, createdAt, tokenExp, ttl };
    const TableName = this.#client.tables.subscriptions;
    await this.#client.put({ TableName, Item: { ...keyOf(connectionId, wish), ...Item } });
  }

  /** Reads once more, after all is written: what was closed, ended or filled meanwhile takes it back. */
  async #settle(before: Owner, wish: Wish, wanted: Subscription, max: number): Promise<Subscribed> {
    const { connectionId } = before;
    const { owner, wishes } = await this.#read(connectionId);
    const isMine = wish.subscriptionId === wanted.subscriptionId;
    if (owner === undefined) {
      await this.#end(connectionId, [wish, ...wishes]);
      return { outcome: 'gone' };
    }
    if (isMine && wishes.length > max) {
      await this.#end(connectionId, [wish]);
      return { outcome: 'full' };
    }
    const stands = wishes.some(({ subscriptionId }) => subscriptionId === wish.subscriptionId);
    if (!stands) await this.#hide(connectionId, [wish]);
    else if (owner.tokenExp !== before.tokenExp) await this.#setExpiry(owner, wish);
    return { outcome: isMine ? 'created' : 'present', subscription: subscriptionOf(wish) };
  }

  async #setExpiry({ connectionId, tokenExp }: Owner, wish: Wish): Promise<void> {
    await this.#client.update({
      TableName: this.#client.tables.subscriptions,
      Key: keyOf(connectionId, wish),
      UpdateExpression: 'SET #exp = :exp',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#exp': 'tokenExp' },
      ExpressionAttributeValues: { ':exp': tokenExp },
    });
  }

  async #hide(connectionId: string, wishes: readonly Wish[]): Promise<void> {
    const keys = new Map(wishes.map((wish) => [`${wish.sk} ${wish.subscriptionId}`, keyOf(connectionId, wish)]));
    const writes = Array.from(keys.values(), (key) => ({ delete: key }));
    await this.#client.batchWrite(this.#client.tables.subscriptions, writes);
  }

  /** A wish for the same that has taken the place of an ended one meanwhile stays: publishers find it already. */
  async #end(connectionId: string, wishes: readonly Wish[]): Promise<void> {
    await this.#hide(connectionId, wishes);
    const distinct = new Map(wishes.map((wish) => [`${wish.sk} ${wish.subscriptionId}`, wish]));
    await inParallel([...distinct.values()], WRITES_AT_ONCE, ({ sk, subscriptionId }) =>
      this.#client.delete({
        TableName: this.#client.tables.aideals,
        Key: { pk: connectionPk(connectionId), sk },
        ConditionExpression: 'subscriptionId = :id',
        ExpressionAttributeValues: { ':id': subscriptionId },
      }),
    );
  }

  async #read(connectionId: string): Promise<Partition> {
    const items = await this.#client.queryAll({
      TableName: this.#client.tables.aideals,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': connectionPk(connectionId) },
    });
    const now = Math.floor(this.#clock.now() / 1000);
    const connection = items.find(({ sk }) => sk === CONNECTION);
    const wishes = items.filter((item: Item) => isWish(item)) as unknown as Wish[];
    return {
      owner: isLive(connection, now) ? (connection as unknown as Owner) : undefined,
      wishes: wishes.sort((a, b) => a.n - b.n),
    };
  }
}
