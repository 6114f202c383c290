import { createHash } from 'node:crypto';
import { type NewEvent, place } from '@aideals/core';
import type { Item } from '../client.js';

/** Offsets whose items lie in one partition. It is also the most that one list may hold: no partition is skipped. */
export const BLOCK = 10_000;

export const blockOf = (offset: number): number => Math.floor((offset - 1) / BLOCK);
export const lastOfBlock = (block: number): number => (block + 1) * BLOCK;
export const blockPk = (block: number): string => `log#${block}`;

export const LOG_PK = 'log';
export const headKey = { pk: LOG_PK, sk: 'head' };
export const segmentsKey = { pk: LOG_PK, sk: 'segments' };

export const itemKey = (first: number): { pk: string; sk: string } => ({
  pk: blockPk(blockOf(first)),
  sk: place(first),
});

export const partsPk = (token: string): string => `part#${token}`;

/** Keys of idempotency are of any length and come from outside. */
export const claimKey = (key: string): { pk: string; sk: string } => ({
  pk: `key#${createHash('sha256').update(key).digest('hex')}`,
  sk: 'claim',
});

/** The events of one or several appends, at the offset of the first. Never changed, but for `x`. */
export interface LogItem {
  readonly pk: string;
  readonly sk: string;
  /** How many offsets it takes. */
  readonly n: number;
  /** The events, each as JSON text. */
  readonly e?: readonly string[];
  /** In place of `e`: they are in items of their own under this token. */
  readonly p?: string;
  /** Void: its append was refused after all, and what it held is not to be seen. */
  readonly x?: boolean;
  /** The token of the write. */
  readonly w: string;
  /** The token of the claim that it was appended under. */
  readonly c?: string;
  /** When it was appended, in Unix milliseconds. */
  readonly t: number;
  /** Unix seconds. */
  readonly ttl: number;
}

export const logItem = (item: Item): LogItem => item as unknown as LogItem;

/** An event as it is kept, with what is looked at before its text is parsed. */
export interface Kept {
  readonly text: string;
  readonly topic: string;
  readonly at: number;
}

/** The events of an item, in memory. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** Empty where it is void. */
  readonly events: readonly Kept[];
  readonly appendedAt: number;
}

export const keptEvent = (event: NewEvent): Kept => ({
  text: JSON.stringify(event),
  topic: event.topic,
  at: event.at,
});

const keptText = (text: string): Kept => {
  const { topic, at } = JSON.parse(text) as NewEvent;
  return { text, topic, at };
};

/** `texts` are those of its parts where it has some. */
export const chunkOf = (item: LogItem, texts: readonly string[] = item.e ?? []): Chunk => ({
  first: Number(item.sk),
  count: item.n,
  events: item.x === true ? [] : texts.map(keptText),
  appendedAt: item.t,
});

export const endOf = ({ first, count }: Pick<Chunk, 'first' | 'count'>): number => first + count - 1;
