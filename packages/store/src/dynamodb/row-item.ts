import { type Row, seqOf } from '@aideals/core';
import type { Item } from './client.js';

/** How a row of `Table` lies in `AIDEALS_TABLE`. Its rows share that table with others, so their partitions have a prefix. */
export interface RowItem {
  readonly pk: string;
  readonly sk: string;
  /** The body, as JSON text: DynamoDB's own maps keep neither the order of fields nor every text. */
  readonly b?: string;
  readonly v: number;
  /** The token of the last write. */
  readonly w: string;
  /** Unix seconds. */
  readonly ttl?: number;
  /** Deleted, but kept for a while: its place must not be given again by an append that was on its way. */
  readonly d?: boolean;
}

export const rowPk = (pk: string): string => `row#${pk}`;

export const rowKey = (pk: string, sk: string): { pk: string; sk: string } => ({ pk: rowPk(pk), sk });

/** Where the last number given under a partition key is kept, apart from its rows. */
export const headKey = (pk: string): { pk: string; sk: string } => ({ pk: `head#${pk}`, sk: 'head' });

const PLACE = /^\d{16}$/u;

/** Whether an appended row may stand there. */
export const isPlace = (sk: string): boolean => PLACE.test(sk) && seqOf(sk) > 0;

/** How long the place of a deleted row stays taken: far longer than any append is on its way. */
export const TAKEN_SECONDS = 86_400;

export const ATTRIBUTES = { '#b': 'b', '#v': 'v', '#w': 'w', '#ttl': 'ttl', '#d': 'd' };

/** Needs `:now` in Unix seconds. */
export const IS_VISIBLE = '(attribute_not_exists(#ttl) OR #ttl > :now) AND attribute_not_exists(#d)';
export const IS_ABSENT = 'attribute_not_exists(pk) OR #ttl <= :now OR attribute_exists(#d)';

export const isVisible = (item: Item, now: number): boolean => {
  const { ttl, d } = item as unknown as RowItem;
  return d === undefined && (ttl === undefined || ttl > now);
};

export const shownRow = (item: Item): Row => {
  const { sk, b = '{}', v, ttl } = item as unknown as RowItem;
  return { sk, body: JSON.parse(b) as Row['body'], version: v, ...(ttl === undefined ? {} : { expiresAt: ttl }) };
};
