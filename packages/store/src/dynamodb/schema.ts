import type { CreateTableCommandInput, KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb';
import type { TableRole } from './settings.js';

/** The attribute by which DynamoDB deletes expired items, in Unix seconds. */
export const TTL_ATTRIBUTE = 'ttl';

interface Index {
  readonly name: string;
  readonly hash: string;
}

interface Schema {
  readonly hash: string;
  readonly range?: string;
  readonly index?: Index;
}

/** The keys of each table. All of them are strings. */
const SCHEMAS: Readonly<Record<TableRole, Schema>> = {
  connections: { hash: 'connectionId', index: { name: 'UserIdIndex', hash: 'userId' } },
  subscriptions: { hash: 'pk', range: 'sk' },
  aideals: { hash: 'pk', range: 'sk' },
};

const hashKey = (AttributeName: string): KeySchemaElement => ({ AttributeName, KeyType: 'HASH' });
const rangeKey = (AttributeName: string): KeySchemaElement => ({ AttributeName, KeyType: 'RANGE' });

/** Capacity that is paid for as it is used, or bought between bounds that follow the load. */
export type Billing =
  | { readonly mode: 'on-demand' }
  | { readonly mode: 'provisioned'; readonly minUnits: number; readonly maxUnits: number };

const throughput = (billing: Billing): Pick<CreateTableCommandInput, 'ProvisionedThroughput'> =>
  billing.mode === 'on-demand'
    ? {}
    : { ProvisionedThroughput: { ReadCapacityUnits: billing.minUnits, WriteCapacityUnits: billing.minUnits } };

/** What makes a table. */
export const creationOf = (role: TableRole, TableName: string, billing: Billing): CreateTableCommandInput => {
  const { hash, range, index } = SCHEMAS[role];
  const keys = [hash, ...(range === undefined ? [] : [range]), ...(index === undefined ? [] : [index.hash])];
  return {
    TableName,
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [hashKey(hash), ...(range === undefined ? [] : [rangeKey(range)])],
    BillingMode: billing.mode === 'on-demand' ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...throughput(billing),
    ...(index === undefined
      ? {}
      : {
          GlobalSecondaryIndexes: [
            {
              IndexName: index.name,
              KeySchema: [hashKey(index.hash)],
              Projection: { ProjectionType: 'ALL' },
              ...throughput(billing),
            },
          ],
        }),
  };
};

/** The index of a role's table that has capacity of its own. */
export const indexOf = (role: TableRole): string | undefined => SCHEMAS[role].index?.name;

const worded = (hash: string | undefined, range: string | undefined): string =>
  range === undefined ? `${hash}` : `${hash} and ${range}`;

const shapeOf = (keys: readonly KeySchemaElement[] = []): string =>
  worded(
    keys.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName,
    keys.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName,
  );

/** What a table that is there has wrong, in words that follow its name. */
export const flawOf = (role: TableRole, table: TableDescription): string | undefined => {
  const { hash, range, index } = SCHEMAS[role];
  const expected = worded(hash, range);
  const found = shapeOf(table.KeySchema);
  if (found !== expected) return `has the key ${found} where ${expected} is needed`;
  const types = new Map(
    table.AttributeDefinitions?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const key = [hash, range].find((name) => name !== undefined && types.get(name) !== 'S');
  if (key !== undefined) return `has the key ${key} of type ${types.get(key)} where a string (S) is needed`;
  if (index === undefined) return undefined;
  const present = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index.name);
  if (present === undefined) return `has no index ${index.name} on ${index.hash}`;
  const keyed = shapeOf(present.KeySchema);
  return keyed === index.hash ? undefined : `has the index ${index.name} on ${keyed} where ${index.hash} is needed`;
};
