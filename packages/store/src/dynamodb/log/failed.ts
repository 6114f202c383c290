import type { DynamoClient } from '../client.js';
import type { Chunks } from './chunks.js';
import { itemKey } from './items.js';

/** How many writes that failed are remembered, to know them again where they turn up after all. */
const REMEMBERED = 10_000;

/**
 * Appends that were refused to their publishers, though they may stand in the log. They are made void before the next append
 * is confirmed: nobody was sent them, so nobody may find them there.
 */
export class FailedAppends {
  readonly #client: DynamoClient;
  readonly #chunks: Chunks;
  /** Tokens of writes, with the place each was meant for. */
  readonly #failed = new Map<string, number>();
  readonly #open = new Set<string>();

  constructor(client: DynamoClient, chunks: Chunks) {
    this.#client = client;
    this.#chunks = chunks;
  }

  add(token: string, first: number): void {
    this.#failed.set(token, first);
    this.#open.add(token);
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= REMEMBERED) break;
      this.#failed.delete(oldest);
      this.#open.delete(oldest);
    }
  }

  has(token: string): boolean {
    return this.#failed.has(token);
  }

  /** Makes void what stands there of all that failed since the last call. */
  async settle(): Promise<void> {
    for (const token of this.#open) {
      await this.void(token, this.#failed.get(token) as number);
      this.#open.delete(token);
    }
  }

  /** Makes an item void where it is this write's. */
  async void(token: string, first: number): Promise<void> {
    await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: itemKey(first),
      UpdateExpression: 'SET #x = :x REMOVE #e, #p',
      ConditionExpression: '#w = :w',
      ExpressionAttributeNames: { '#x': 'x', '#e': 'e', '#p': 'p', '#w': 'w' },
      ExpressionAttributeValues: { ':x': true, ':w': token },
    });
    // It may have been read before.
    this.#chunks.drop(first);
  }
}
