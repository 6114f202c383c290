import {
  type AppendOptions,
  type Clock,
  type Flushed,
  type Put,
  type PutOptions,
  type QueryOptions,
  type Row,
  type Table,
  toSeconds,
} from '@aideals/core';
import { checkBound, checkPk, checkSk, compareBytes } from '@aideals/core/memory';
import { Appends } from './appends.js';
import type { DynamoClient } from './client.js';
import {
  ATTRIBUTES,
  IS_ABSENT,
  IS_VISIBLE,
  isPlace,
  isVisible,
  rowKey,
  rowPk,
  shownRow,
  TAKEN_SECONDS,
} from './row-item.js';
import { writeToken } from './tokens.js';
import { Versions } from './versions.js';

/** What is written is durable when DynamoDB has answered. */
const FLUSHED: Flushed = { flushed: Promise.resolve() };

/** The largest page that looks for rows behind expired ones. */
const LOOKED_AT = 250;

const CHECKED_SECONDS = 3_600;

const checkKeys = (pk: string, sk: string): void => {
  checkPk(pk);
  checkSk(sk);
};

/** The condition of a query: by the bound that it begins at, since DynamoDB takes one for the sort key. */
const beginning = (pk: string, from: string | undefined, reverse: boolean) => ({
  KeyConditionExpression: from === undefined ? 'pk = :pk' : `pk = :pk AND sk ${reverse ? '<' : '>'} :from`,
  values: { ':pk': rowPk(pk), ...(from === undefined ? {} : { ':from': from }) },
});

/** A `Table` on DynamoDB, which any number of nodes share. Expired rows are deleted by DynamoDB itself, in its own time. */
export const dynamoTable = (client: DynamoClient, clock: Clock) => {
  const TableName = client.tables.aideals;
  const versions = new Versions(clock);
  const appends = new Appends(client, clock, versions);
  const now = (): number => toSeconds(clock.now());

  const conditionOf = ({ ifAbsent = false, ifVersion }: PutOptions) => {
    if (ifAbsent) return { ConditionExpression: IS_ABSENT, values: { ':now': now() } };
    if (ifVersion === undefined) return { values: {} };
    return { ConditionExpression: `#v = :v AND ${IS_VISIBLE}`, values: { ':v': ifVersion, ':now': now() } };
  };

  const write = async (pk: string, sk: string, text: string, options: PutOptions): Promise<Put> => {
    const { values, ...condition } = conditionOf(options);
    const { expiresAt } = options;
    const Key = rowKey(pk, sk);
    const token = writeToken();
    const expiry = expiresAt === undefined ? 'REMOVE #d, #ttl' : ', #ttl = :ttl REMOVE #d';
    const written = await client.update({
      TableName,
      Key,
      UpdateExpression: `SET #b = :b, #w = :w, #v = if_not_exists(#v, :base) + :one ${expiry}`,
      ...condition,
      ExpressionAttributeNames: ATTRIBUTES,
      ExpressionAttributeValues: {
        ...values,
        ':b': text,
        ':w': token,
        ':base': versions.next(),
        ':one': 1,
        ...(expiresAt === undefined ? {} : { ':ttl': expiresAt }),
      },
      ReturnValues: 'UPDATED_NEW',
    });
    if (written.stored) {
      return { stored: true, version: versions.saw(written.attributes?.['v'] as number), ...FLUSHED };
    }
    if (!written.unclear) return { stored: false };
    const item = await client.get({ TableName, Key });
    return item?.['w'] === token ? { stored: true, version: item['v'] as number, ...FLUSHED } : { stored: false };
  };

  return {
    async get(pk: string, sk: string): Promise<Row | undefined> {
      checkKeys(pk, sk);
      const item = await client.get({ TableName, Key: rowKey(pk, sk) });
      return item === undefined || !isVisible(item, now()) ? undefined : shownRow(item);
    },

    async put(pk: string, sk: string, body: Row['body'], options: PutOptions = {}): Promise<Put> {
      checkKeys(pk, sk);
      // A row that is absent has no version.
      if (options.ifAbsent === true && options.ifVersion !== undefined) return { stored: false };
      return write(pk, sk, JSON.stringify(body), options);
    },

    /** One after another: what a crash leaves is always the beginning of the list. */
    async putMany(rows: Parameters<Table['putMany']>[0]): Promise<Flushed> {
      const texts = rows.map(({ pk, sk, body }) => {
        checkKeys(pk, sk);
        return JSON.stringify(body);
      });
      for (const [i, { pk, sk, expiresAt }] of rows.entries()) {
        await write(pk, sk, texts[i] as string, expiresAt === undefined ? {} : { expiresAt });
      }
      return FLUSHED;
    },

    async append(pk: string, body: Row['body'], options: AppendOptions = {}) {
      checkPk(pk);
      const seq = await appends.append(pk, JSON.stringify(body), options);
      return seq === undefined ? ({ stored: false } as const) : ({ stored: true, seq, ...FLUSHED } as const);
    },

    async head(pk: string): Promise<number> {
      checkPk(pk);
      return appends.head(pk);
    },

    async delete(pk: string, sk: string): Promise<Flushed> {
      checkKeys(pk, sk);
      const Key = rowKey(pk, sk);
      if (!isPlace(sk)) {
        await client.delete({ TableName, Key });
        return FLUSHED;
      }
      await client.update({
        TableName,
        Key,
        UpdateExpression: 'SET #d = :d, #ttl = :ttl REMOVE #b',
        ConditionExpression: 'attribute_exists(#b)',
        ExpressionAttributeNames: { '#b': 'b', '#d': 'd', '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':d': true, ':ttl': now() + TAKEN_SECONDS },
      });
      return FLUSHED;
    },

    async query(pk: string, options: QueryOptions): Promise<readonly Row[]> {
      checkPk(pk);
      checkBound(options.after);
      checkBound(options.before);
      const { limit, reverse = false, before } = options;
      const after = options.after === '' ? undefined : options.after;
      if (limit <= 0 || before === '') return [];
      const [from, to] = reverse ? [before, after] : [after, before];
      const isPast = (sk: string): boolean => to !== undefined && compareBytes(sk, to) * (reverse ? -1 : 1) >= 0;
      if (from !== undefined && isPast(from)) return [];
      const { KeyConditionExpression, values } = beginning(pk, from, reverse);
      const rows: Row[] = [];
      const read = {
        TableName,
        KeyConditionExpression,
        FilterExpression: IS_VISIBLE,
        ExpressionAttributeNames: { '#ttl': 'ttl', '#d': 'd' },
        ExpressionAttributeValues: { ...values, ':now': now() },
        ScanIndexForward: !reverse,
        Limit: limit,
      };
      for await (const items of client.pages(read, LOOKED_AT)) {
        for (const item of items) {
          if (rows.length >= limit || isPast(item['sk'] as string)) return rows;
          rows.push(shownRow(item));
        }
        if (rows.length >= limit) return rows;
      }
      return rows;
    },

    /** Nothing to do: DynamoDB deletes expired rows by their `ttl`. */
    sweep: (_limit: number): boolean => false,

    async check(): Promise<void> {
      const seconds = now();
      await client.put({ TableName, Item: { pk: 'check', sk: 'check', at: seconds, ttl: seconds + CHECKED_SECONDS } });
    },
  } satisfies Table;
};
