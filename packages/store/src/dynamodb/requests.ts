import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type {
  BatchGetCommandInput,
  BatchGetCommandOutput,
  BatchWriteCommandInput,
  BatchWriteCommandOutput,
  DeleteCommandInput,
  DeleteCommandOutput,
  GetCommandInput,
  GetCommandOutput,
  PutCommandInput,
  PutCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { keptRequests } from '../aws/kept-requests.js';
import { createSigner, sha256 } from '../aws/signing.js';

/** What the adapters ask of DynamoDB, with items as plain values. */
interface Operations {
  readonly GetItem: { readonly asks: GetCommandInput; readonly gives: Bare<GetCommandOutput> };
  readonly PutItem: { readonly asks: PutCommandInput; readonly gives: Bare<PutCommandOutput> };
  readonly UpdateItem: { readonly asks: UpdateCommandInput; readonly gives: Bare<UpdateCommandOutput> };
  readonly DeleteItem: { readonly asks: DeleteCommandInput; readonly gives: Bare<DeleteCommandOutput> };
  readonly Query: { readonly asks: QueryCommandInput; readonly gives: Bare<QueryCommandOutput> };
  readonly BatchGetItem: { readonly asks: BatchGetCommandInput; readonly gives: Bare<BatchGetCommandOutput> };
  readonly BatchWriteItem: { readonly asks: BatchWriteCommandInput; readonly gives: Bare<BatchWriteCommandOutput> };
}

type Bare<T> = Omit<T, '$metadata'>;

export type Operation = keyof Operations;

/** Sends one request, once. Rejects as the SDK does: errors have its names, and `$metadata.httpStatusCode`. */
export type Send = <T extends Operation>(
  operation: T,
  asks: Operations[T]['asks'],
  signal: AbortSignal,
) => Promise<Operations[T]['gives']>;

type Values = Record<string, unknown>;
type Change = (value: never) => unknown;

const each = (change: Change) => (map: Values) =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value as never)]));

const wire = (values: Values) => marshall(values, { removeUndefinedValues: true });
const plain = (values: Parameters<typeof unmarshall>[0]) => unmarshall(values);

/** A write or a table of a batch: whatever holds an item, a key or keys. */
const batched =
  (change: Change) =>
  (given: unknown): unknown => {
    if (Array.isArray(given)) return given.map(batched(change));
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => {
        if (name === 'Item' || name === 'Key') return [name, change(value as never)];
        if (name === 'Keys') return [name, (value as never[]).map((key) => change(key))];
        return [name, batched(change)(value)];
      }),
    );
  };

const ASKED: Readonly<Record<string, Change>> = {
  Item: wire,
  Key: wire,
  ExpressionAttributeValues: wire,
  ExclusiveStartKey: wire,
  RequestItems: batched(wire),
};

const GIVEN: Readonly<Record<string, Change>> = {
  Item: plain,
  Attributes: plain,
  LastEvaluatedKey: plain,
  Items: (items: never[]) => items.map(plain),
  Responses: each((items: never[]) => items.map(plain)) as Change,
  UnprocessedItems: batched(plain),
  UnprocessedKeys: batched(plain),
};

const changed = (fields: object, changes: Readonly<Record<string, Change>>): Values => {
  const result: Values = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) result[name] = changes[name] === undefined ? value : changes[name](value as never);
  }
  return result;
};

const failureOf = (status: number, text: string): Error => {
  let told: { readonly __type?: string; readonly message?: string; readonly Message?: string } = {};
  try {
    told = JSON.parse(text) as typeof told;
  } catch {
    // A proxy's words, or none.
  }
  const name = told.__type?.split('#').at(-1) ?? 'UnknownError';
  const message = told.message ?? told.Message ?? (text.slice(0, 200) || `status ${status}`);
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
};

export interface RequestOptions {
  /** Tells where DynamoDB is, and by whose name it is asked. */
  readonly base: DynamoDBClient;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly timeoutMs: number;
}

/** Where the SDK finds DynamoDB. */
const endpointOf = async ({ base, region, endpoint }: RequestOptions): Promise<string> => {
  if (endpoint !== undefined) return endpoint;
  const { endpointProvider, useFipsEndpoint, useDualstackEndpoint } = base.config;
  const [UseFIPS, UseDualStack] = await Promise.all([useFipsEndpoint(), useDualstackEndpoint()]);
  return endpointProvider({ Region: region, UseFIPS, UseDualStack }).url.href;
};

const open = async (options: RequestOptions) => {
  const url = new URL(await endpointOf(options));
  return { host: url.host, path: url.pathname, ...keptRequests(url.origin, { timeoutMs: options.timeoutMs }) };
};

/**
 * DynamoDB over connections that are kept, without the SDK's own way: a request costs a fifth of what it costs there, and a
 * function does little else. Where DynamoDB is and who asks is the SDK's to find.
 */
export const dynamoRequests = (options: RequestOptions): { readonly send: Send; close(): void } => {
  const { base, region } = options;
  const sign = createSigner(region, 'dynamodb');
  let opening: ReturnType<typeof open> | undefined;
  return {
    async send(operation, asks, signal) {
      opening ??= open(options);
      const [far, credentials] = await Promise.all([opening, base.config.credentials()]);
      const { host, path } = far;
      const body = Buffer.from(JSON.stringify(changed(asks, ASKED)));
      const own = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      };
      const asked = { method: 'POST', host, path, headers: own, bodyHash: sha256(body), now: Date.now() };
      const { status, text } = await far.send({
        method: 'POST',
        path,
        headers: sign(asked, credentials),
        body,
        signal,
      });
      if (status !== 200) throw failureOf(status, text);
      return changed(JSON.parse(text) as object, GIVEN) as never;
    },
    close() {
      void opening?.then(({ close }) => close());
    },
  };
};
