import { CreateTableCommand, UpdateTimeToLiveCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from './client.js';
import { reasonOf } from './faults.js';
import { scaleTable } from './scaling.js';
import { type Billing, creationOf, flawOf, TTL_ATTRIBUTE } from './schema.js';
import { TABLE_VARIABLES, type TableRole } from './settings.js';
import { describeTable, TABLE_ROLES, TableError } from './tables.js';

const CREATED_WITHIN_SECONDS = 120;

export interface Creation {
  readonly role: TableRole;
  readonly table: string;
  readonly outcome: 'created' | 'present';
  /** What this DynamoDB does not know: a local one neither deletes expired items nor scales. */
  readonly without: readonly ('ttl' | 'scaling')[];
}

export interface CreateOptions {
  /** On demand where it is left out. */
  readonly billing?: Billing;
}

const nameOf = (error: unknown): string => (error as { name?: string } | undefined)?.name ?? '';

const isUnknownOperation = (error: unknown): boolean => nameOf(error) === 'UnknownOperationException';

/** An item that has expired is deleted. On a table where that is on already, DynamoDB says so as an error. */
const enableTtl = async (client: DynamoClient, TableName: string): Promise<boolean> => {
  const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true };
  try {
    await client.run(`setting the expiry of ${TableName}`, (sending) =>
      client.documents.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }), sending),
    );
    return true;
  } catch (error) {
    if (isUnknownOperation(error)) return false;
    if (nameOf(error) === 'ValidationException' && /already enabled/iu.test(reasonOf(error))) return true;
    throw error;
  }
};

const createTable = async (
  client: DynamoClient,
  role: TableRole,
  isPresent: boolean,
  billing: Billing,
): Promise<Creation> => {
  const table = client.tables[role];
  if (!isPresent) {
    await client.run(`making the table ${table}`, (sending) =>
      client.documents.send(new CreateTableCommand(creationOf(role, table, billing)), sending),
    );
  }
  const waiting = { client: client.documents, maxWaitTime: CREATED_WITHIN_SECONDS, minDelay: 1, maxDelay: 5 };
  await waitUntilTableExists(waiting, { TableName: table });
  const expires = await enableTtl(client, table);
  const scales = isPresent || (await scaleTable(client, role, billing));
  return {
    role,
    table,
    outcome: isPresent ? 'present' : 'created',
    without: [...(expires ? [] : (['ttl'] as const)), ...(scales ? [] : (['scaling'] as const))],
  };
};

/** Whether the table is there. Throws where it is, but keyed in another way. */
const isThere = async (client: DynamoClient, role: TableRole): Promise<boolean> => {
  const table = await describeTable(client, role);
  const flaw = table === undefined ? undefined : flawOf(role, table);
  if (flaw === undefined) return table !== undefined;
  throw new TableError(
    `${TABLE_VARIABLES[role]}: the table ${client.tables[role]} is there, but ${flaw}; nothing was made (${client.where})`,
  );
};

/**
 * Makes the tables that are not there, and leaves those that are but for their expiry, which is turned on. Throws a
 * `TableError` where one that is there has other keys, before any is made.
 */
export const createTables = async (client: DynamoClient, options: CreateOptions = {}): Promise<readonly Creation[]> => {
  const { billing = { mode: 'on-demand' } } = options;
  const present = await Promise.all(TABLE_ROLES.map((role) => isThere(client, role)));
  return Promise.all(TABLE_ROLES.map((role, i) => createTable(client, role, present[i] === true, billing)));
};
