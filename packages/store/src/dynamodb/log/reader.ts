import { place } from '@aideals/core';
import type { DynamoClient, Item } from '../client.js';
import type { Chunks } from './chunks.js';
import { blockOf, blockPk, type Chunk, chunkOf, endOf, type LogItem, lastOfBlock, logItem, partsPk } from './items.js';

const PAGE_ITEMS = 100;

/** What stands at an offset: its chunk, or nothing up to the next one that is there. */
export type Found = { readonly chunk: Chunk } | { readonly missingBefore: number };

/** Reads the items of the log, strongly, and keeps them. */
export class LogReader {
  readonly #client: DynamoClient;
  readonly #chunks: Chunks;

  constructor(client: DynamoClient, chunks: Chunks) {
    this.#client = client;
    this.#chunks = chunks;
  }

  /** What stands at an offset up to `last`, which the log reaches. */
  async at(offset: number, last: number): Promise<Found> {
    const kept = this.#chunks.at(offset);
    if (kept !== undefined) return { chunk: kept };
    const next = await this.#load(offset, last);
    if (next?.first === offset) return { chunk: next };
    const before = await this.#before(offset);
    if (before !== undefined && endOf(before) >= offset) return { chunk: before };
    return { missingBefore: next?.first ?? (await this.#after(offset, last)) };
  }

  /** The item that begins at this offset, as it stands. */
  async itemAt(first: number): Promise<LogItem | undefined> {
    const Key = { pk: blockPk(blockOf(first)), sk: place(first) };
    const item = await this.#client.get({ TableName: this.#client.tables.aideals, Key });
    return item === undefined ? undefined : logItem(item);
  }

  /** Keeps a page of those that begin at an offset or behind it, in its block, and gives the first. */
  async #load(offset: number, last: number): Promise<Chunk | undefined> {
    const block = blockOf(offset);
    const items = await this.#query(
      block,
      'sk BETWEEN :from AND :to',
      { ':from': place(offset), ':to': place(Math.min(last, lastOfBlock(block))) },
      { Limit: PAGE_ITEMS },
    );
    const chunks = await Promise.all(items.map((item) => this.#chunk(item)));
    return chunks[0];
  }

  /** The last one that begins before an offset: in its block, or at the end of the one before. */
  async #before(offset: number): Promise<Chunk | undefined> {
    const block = blockOf(offset);
    for (const each of block === 0 ? [0] : [block, block - 1]) {
      const options = { Limit: 1, ScanIndexForward: false };
      const [item] = await this.#query(each, 'sk < :to', { ':to': place(offset) }, options);
      if (item !== undefined) return this.#chunk(item);
    }
    return undefined;
  }

  /** The first offset that is there behind one that is not; one past `last` where none is. */
  async #after(offset: number, last: number): Promise<number> {
    for (let block = blockOf(offset); block <= blockOf(last); block++) {
      const range = { ':from': place(offset), ':to': place(last) };
      const [item] = await this.#query(block, 'sk BETWEEN :from AND :to', range, { Limit: 1 });
      if (item !== undefined) return Number(logItem(item).sk);
    }
    return last + 1;
  }

  async #query(
    block: number,
    condition: string,
    values: Record<string, string>,
    options: { Limit: number; ScanIndexForward?: boolean },
  ): Promise<readonly Item[]> {
    const pages = this.#client.pages({
      TableName: this.#client.tables.aideals,
      KeyConditionExpression: `pk = :pk AND ${condition}`,
      ExpressionAttributeValues: { ':pk': blockPk(block), ...values },
      ...options,
    });
    for await (const page of pages) if (page.length > 0) return page;
    return [];
  }

  async #chunk(item: Item): Promise<Chunk> {
    const kept = this.#chunks.at(Number(item['sk']));
    if (kept !== undefined) return kept;
    const stored = logItem(item);
    const { p } = stored;
    const chunk = p === undefined || stored.x === true ? chunkOf(stored) : chunkOf(stored, await this.#parts(p));
    this.#chunks.add(chunk);
    return chunk;
  }

  async #parts(token: string): Promise<string[]> {
    const parts = await this.#client.queryAll({
      TableName: this.#client.tables.aideals,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': partsPk(token) },
    });
    return parts.flatMap((part) => part['e'] as string[]);
  }
}
