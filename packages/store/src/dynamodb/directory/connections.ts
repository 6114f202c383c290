import { type Clock, type ConnectionRecord, type RecordPatch, toSeconds } from '@aideals/core';
import type { DynamoClient, Item } from '../client.js';
import { connectionRows } from '../connection-rows.js';
import { writeToken } from '../tokens.js';
import { connectionItem, patchExpression, recordOf } from './connection-item.js';
import { Counts } from './counts.js';
import { connectionKey, endOfConnection, isLive, userPk } from './keys.js';

/** How long whoever began a hand-over may be at it, in seconds, before another takes it for cut off. */
const BEGUN_SECONDS = 60;

/** Who may begin the hand-over of a connection: anyone, no one while another is at it, or no one since it has ended. */
export type Handover = 'due' | 'begun' | 'ended';

export interface Loaded {
  readonly record: ConnectionRecord;
  readonly handover: Handover;
}

type Gone = Pick<ConnectionRecord, 'connectionId' | 'userId' | 'connectedAt'>;

/** The rows of connections: one for each, written first and deleted first, and one under its user. */
export class Connections {
  readonly #client: DynamoClient;
  readonly #clock: Clock;
  readonly #counts: Counts;
  readonly #rows: ReturnType<typeof connectionRows>;
  readonly #closed: (record: Gone) => void;

  constructor(client: DynamoClient, clock: Clock, closed: (record: Gone) => void) {
    this.#closed = closed;
    this.#client = client;
    this.#clock = clock;
    this.#counts = new Counts(client, clock);
    this.#rows = connectionRows(client);
  }

  async open(record: ConnectionRecord, mark: string): Promise<void> {
    const { connectionId, userId, connectedAt, tokenExp } = record;
    const token = writeToken();
    const { attributes: before } = (await this.#client.put({
      TableName: this.#table,
      Item: connectionItem(record, mark, token),
      ReturnValues: 'ALL_OLD',
    })) as { attributes?: Item | undefined };
    const isNew = before === undefined || before['w'] === token || !isLive(before, this.now());
    await Promise.all([
      this.#putUser(userId, connectionId, tokenExp, connectedAt),
      this.#rows.put({ connectionId, userId, createdAt: connectedAt }),
      isNew ? this.#counts.add(connectedAt, 1) : undefined,
    ]);
  }

  async get(connectionId: string): Promise<ConnectionRecord | undefined> {
    return (await this.load(connectionId))?.record;
  }

  /** The record, and how far its hand-over is, in one read. */
  async load(connectionId: string): Promise<Loaded | undefined> {
    const item = await this.#live(connectionId);
    if (item === undefined) return undefined;
    const openedAt = item['openedAt'] as number | undefined;
    const now = this.now();
    const handover =
      openedAt === undefined || (item['mark'] !== undefined && openedAt <= now - BEGUN_SECONDS) ? 'due' : 'begun';
    return { record: recordOf(item, now), handover: item['mark'] === undefined ? 'ended' : handover };
  }

  /**
   * Takes the hand-over of a connection upon oneself: true for one of those who ask. `by` names who asks, so that the same
   * one, repeated, goes on.
   */
  async beginHandover(connectionId: string, by: string): Promise<boolean> {
    const now = this.now();
    const { stored } = await this.#client.update({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      UpdateExpression: 'SET #at = :now, #by = :by',
      ConditionExpression:
        'attribute_exists(pk) AND attribute_exists(#mark) AND (attribute_not_exists(#at) OR #at <= :cut OR #by = :by)',
      ExpressionAttributeNames: { '#at': 'openedAt', '#by': 'openedBy', '#mark': 'mark' },
      ExpressionAttributeValues: { ':now': now, ':by': by, ':cut': now - BEGUN_SECONDS },
    });
    return stored;
  }

  /** Leaves a hand-over that could not be done to the next who comes. */
  async leaveHandover(connectionId: string, by: string): Promise<void> {
    await this.#client.update({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      UpdateExpression: 'REMOVE #at, #by',
      ConditionExpression: '#by = :by',
      ExpressionAttributeNames: { '#at': 'openedAt', '#by': 'openedBy' },
      ExpressionAttributeValues: { ':by': by },
    });
  }

  /** Undefined where the connection is gone; else what it is after the patch. */
  async patch(connectionId: string, patch: RecordPatch): Promise<ConnectionRecord | undefined> {
    const expression = patchExpression(patch);
    if (expression === undefined) return this.get(connectionId);
    const { stored } = await this.#client.update({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      ...expression,
    });
    if (!stored) return undefined;
    const record = await this.get(connectionId);
    if (record === undefined || patch.tokenExp === undefined) return record;
    await this.#putUser(record.userId, connectionId, record.tokenExp, record.connectedAt);
    return record;
  }

  /** Deletes the row, then the others; true where it was there. */
  async close(connectionId: string): Promise<boolean> {
    const deleted = await this.#client.delete({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      ConditionExpression: 'attribute_exists(pk)',
      ReturnValues: 'ALL_OLD',
    });
    const item = deleted.stored ? deleted.attributes : undefined;
    if (item === undefined) {
      await this.#rows.delete(connectionId);
      return false;
    }
    const { userId, connectedAt } = item as unknown as Gone;
    this.#closed({ connectionId, userId, connectedAt });
    await Promise.all([
      this.#client.delete({ TableName: this.#table, Key: { pk: userPk(userId), sk: connectionId } }),
      this.#rows.delete(connectionId),
      this.#counts.add(connectedAt, -1),
    ]);
    return isLive(item, this.now());
  }

  async ofUser(userId: string): Promise<readonly ConnectionRecord[]> {
    const now = this.now();
    const rows = await this.#client.queryAll({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': userPk(userId) },
    });
    const ids = rows.filter((row) => isLive(row, now)).map(({ sk }) => sk as string);
    if (ids.length === 0) return [];
    const found = await this.#client.batchGet(this.#table, ids.map(connectionKey));
    const items = found.filter((item) => isLive(item, now));
    const open = new Set(items.map((item) => item['connectionId'] as string));
    // Left by a deletion that was cut off: a connection's own row is written before the one under its user.
    const left = ids.filter((id) => !open.has(id));
    if (left.length > 0) {
      const writes = left.map((sk) => ({ delete: { pk: userPk(userId), sk } }));
      await this.#client.batchWrite(this.#table, writes);
    }
    return items
      .map((item) => recordOf(item, now))
      .sort((a, b) => a.connectedAt - b.connectedAt || (a.connectionId < b.connectionId ? -1 : 1));
  }

  count(): Promise<number> {
    return this.#counts.total();
  }

  async mark(connectionId: string, mark: string): Promise<void> {
    await this.#setMark(connectionId, mark, 'attribute_exists(pk)');
  }

  async markOf(connectionId: string): Promise<string | undefined> {
    return (await this.#live(connectionId))?.['mark'] as string | undefined;
  }

  /** Whoever's token is expired is sent nothing, and gets a mark: the refresh begins a hand-over. */
  remark(connectionId: string, mark: string): Promise<boolean> {
    return this.#setMark(connectionId, mark, 'attribute_exists(#mark) OR #exp <= :now', {
      names: { '#exp': 'tokenExp' },
      values: { ':now': this.now() },
    });
  }

  async unmark(connectionId: string, mark: string): Promise<boolean> {
    const { stored } = await this.#client.update({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      UpdateExpression: 'REMOVE #mark',
      ConditionExpression: '#mark = :mark',
      ExpressionAttributeNames: { '#mark': 'mark' },
      ExpressionAttributeValues: { ':mark': mark },
    });
    return stored;
  }

  now(): number {
    return toSeconds(this.#clock.now());
  }

  get #table(): string {
    return this.#client.tables.aideals;
  }

  async #live(connectionId: string): Promise<Item | undefined> {
    const item = await this.#client.get({ TableName: this.#table, Key: connectionKey(connectionId) });
    return isLive(item, this.now()) ? item : undefined;
  }

  async #putUser(userId: string, connectionId: string, tokenExp: number, connectedAt: number): Promise<void> {
    const Item = { pk: userPk(userId), sk: connectionId, tokenExp, ttl: endOfConnection(connectedAt) };
    await this.#client.put({ TableName: this.#table, Item });
  }

  async #setMark(
    connectionId: string,
    mark: string,
    ConditionExpression: string,
    more: { readonly names: Record<string, string>; readonly values: Item } = { names: {}, values: {} },
  ): Promise<boolean> {
    const { stored } = await this.#client.update({
      TableName: this.#table,
      Key: connectionKey(connectionId),
      UpdateExpression: 'SET #mark = :mark',
      ConditionExpression,
      ExpressionAttributeNames: { '#mark': 'mark', ...more.names },
      ExpressionAttributeValues: { ':mark': mark, ...more.values },
    });
    return stored;
  }
}
