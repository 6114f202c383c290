import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type BatchGetCommandInput,
  type BatchWriteCommandInput,
  type DeleteCommandInput,
  DynamoDBDocumentClient,
  type GetCommandInput,
  type PutCommandInput,
  type QueryCommandInput,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { localCredentials } from './credentials.js';
import { isRefused, isUnclear, Unprocessed } from './faults.js';
import { dynamoRequests } from './requests.js';
import { PATIENCE, type Patience, Resilience } from './resilience.js';
import type { DynamoSettings, Environment, TableNames } from './settings.js';

export type Item = Record<string, unknown>;

/**
 * How a conditional write ended. `unclear` tells, where the condition did not hold, that an earlier attempt of the same write
 * may have been carried out: what stands there may be its own.
 */
export type Written =
  | { readonly stored: true; readonly attributes: Item | undefined }
  | { readonly stored: false; readonly unclear: boolean };

export interface ClientOptions extends DynamoSettings {
  readonly patience?: Partial<Patience>;
  /** Where credentials are looked for, for a local endpoint; the process's own where it is left out. */
  readonly environment?: Environment;
}

type Sending = { readonly abortSignal: AbortSignal };
type KeyedRequests = NonNullable<BatchWriteCommandInput['RequestItems']>;
type KeyedKeys = NonNullable<BatchGetCommandInput['RequestItems']>;

export type BatchWrite = { readonly put: Item } | { readonly delete: Item };

const WRITES_AT_ONCE = 25;
const READS_AT_ONCE = 100;
const SOCKETS = 256;

const slices = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/**
 * DynamoDB for all adapters. Each request is bounded in time, repeated with jitter where it was throttled or got no answer,
 * and fails at once while DynamoDB has not answered for a while. Every method throws `DynamoUnavailable` where it cannot tell
 * that what was asked is done. There is no scan.
 */
export class DynamoClient {
  readonly tables: TableNames;
  readonly region: string;
  /** Whether it is reached at an endpoint that was named, and not at the region's. */
  readonly hasOwnEndpoint: boolean;
  /** Names DynamoDB in messages: its endpoint, or its region. */
  readonly where: string;
  /** The SDK's own client, without retries: for what is not asked all the time. */
  readonly documents: DynamoDBDocumentClient;
  /** How items are read and written. */
  readonly requests: ReturnType<typeof dynamoRequests>;
  readonly #patience: Patience;
  readonly #resilience: Resilience;

  constructor(options: ClientOptions) {
    const { region, endpoint, tables, environment = process.env } = options;
    const patience = { ...PATIENCE, ...options.patience };
    const credentials = localCredentials(options, environment);
    this.tables = tables;
    this.region = region;
    this.hasOwnEndpoint = endpoint !== undefined;
    this.where = endpoint ?? region;
    this.#patience = patience;
    this.#resilience = new Resilience(this.where, patience);
    // It speaks to who picks the SDK's version, which is pinned here, and not to an operator who reads the log.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const base = new DynamoDBClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      // Retries are ours: one budget of time for all of them, and a breaker that sees each attempt.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: patience.attemptMs,
        requestTimeout: patience.attemptMs,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: SOCKETS },
        httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
      },
    });
    this.documents = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
    this.requests = dynamoRequests({ base, region, endpoint, timeoutMs: patience.attemptMs });
  }

  /** Whether requests are sent now, or fail at once since DynamoDB did not answer lately. */
  get isAnswering(): boolean {
    return this.#resilience.isClosed;
  }

  /** Reads one item, strongly unless told otherwise. */
  async get(input: GetCommandInput): Promise<Item | undefined> {
    const read = { ConsistentRead: true, ...input };
    const { Item: item } = await this.#run(`a read of ${input.TableName}`, (sending) =>
      this.requests.send('GetItem', read, sending.abortSignal),
    );
    return item;
  }

  put(input: PutCommandInput): Promise<Written> {
    return this.#write(input.TableName, (sending) => this.requests.send('PutItem', input, sending.abortSignal));
  }

  update(input: UpdateCommandInput): Promise<Written> {
    return this.#write(input.TableName, (sending) => this.requests.send('UpdateItem', input, sending.abortSignal));
  }

  delete(input: DeleteCommandInput): Promise<Written> {
    return this.#write(input.TableName, (sending) => this.requests.send('DeleteItem', input, sending.abortSignal));
  }

  /**
   * The pages of a query, strongly unless told otherwise; a page may be empty with more behind it. `Limit` is that of the
   * first page, and grows from one to the next up to `mostItems`: what is looked at and left out is paid for too.
   */
  async *pages(input: QueryCommandInput, mostItems = input.Limit): AsyncGenerator<readonly Item[]> {
    let from: Item | undefined;
    let limit = input.Limit;
    do {
      const read = { ConsistentRead: true, ...input, Limit: limit, ExclusiveStartKey: from };
      const { Items = [], LastEvaluatedKey } = await this.#run(`a query of ${input.TableName}`, (sending) =>
        this.requests.send('Query', read, sending.abortSignal),
      );
      yield Items;
      from = LastEvaluatedKey;
      if (limit !== undefined && mostItems !== undefined) limit = Math.max(limit, Math.min(limit * 4, mostItems));
    } while (from !== undefined);
  }

  /** All items that a query selects. */
  async queryAll(input: QueryCommandInput): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.pages(input)) items.push(...page);
    return items;
  }

  /** Writes without conditions, in slices, one after another; resolves when all are stored. No two may have one key. */
  async batchWrite(table: string, writes: readonly BatchWrite[]): Promise<void> {
    const requests = writes.map((write) =>
      'put' in write ? { PutRequest: { Item: write.put } } : { DeleteRequest: { Key: write.delete } },
    );
    for (const slice of slices(requests, WRITES_AT_ONCE)) {
      let left: KeyedRequests = { [table]: slice };
      await this.#untilDone(`a batch of writes to ${table}`, slice.length, async (sending) => {
        const { UnprocessedItems = {} } = await this.requests.send(
          'BatchWriteItem',
          { RequestItems: left },
          sending.abortSignal,
        );
        left = UnprocessedItems;
        return left[table]?.length ?? 0;
      });
    }
  }

  /** Reads items by their keys, strongly, in no order; those that are not there are left out. No key may be there twice. */
  async batchGet(table: string, keys: readonly Item[]): Promise<Item[]> {
    const items: Item[] = [];
    for (const slice of slices(keys, READS_AT_ONCE)) {
      let left: KeyedKeys = { [table]: { Keys: slice, ConsistentRead: true } };
      await this.#untilDone(`a batch of reads of ${table}`, slice.length, async (sending) => {
        const { Responses = {}, UnprocessedKeys = {} } = await this.requests.send(
          'BatchGetItem',
          { RequestItems: left },
          sending.abortSignal,
        );
        items.push(...(Responses[table] ?? []));
        left = UnprocessedKeys;
        return left[table]?.Keys?.length ?? 0;
      });
    }
    return items;
  }

  /** Runs a request of another kind in the same way: `send` gets what belongs beside its command. */
  run<T>(what: string, send: (sending: Sending) => Promise<T>): Promise<T> {
    return this.#run(what, send);
  }

  /** Frees the sockets. */
  close(): void {
    this.documents.destroy();
    this.requests.close();
  }

  #run<T>(what: string, send: (sending: Sending) => Promise<T>): Promise<T> {
    return this.#resilience.run(what, (abortSignal) => send({ abortSignal }));
  }

  async #write(
    table: string | undefined,
    send: (sending: Sending) => Promise<{ Attributes?: Item | undefined }>,
  ): Promise<Written> {
    let unclear = false;
    try {
      const { Attributes: attributes } = await this.#run(`a write to ${table}`, async (sending) => {
        try {
          return await send(sending);
        } catch (error) {
          unclear ||= isUnclear(error);
          throw error;
        }
      });
      return { stored: true, attributes };
    } catch (error) {
      if (isRefused(error)) return { stored: false, unclear };
      throw error;
    }
  }

  /** `step` tells how many are left. Whoever gets on is given time anew. */
  async #untilDone(what: string, all: number, step: (sending: Sending) => Promise<number>): Promise<void> {
    let left = all;
    for (;;) {
      let moved = false;
      const now = await this.#run(what, async (sending) => {
        const count = await step(sending);
        moved ||= count < left;
        left = count;
        if (count > 0 && !moved) throw new Unprocessed(count);
        return count;
      });
      if (now === 0) return;
      await pause(this.#patience.firstPauseMs * (0.5 + Math.random()));
    }
  }
}
