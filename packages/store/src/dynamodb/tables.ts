import { DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from './client.js';
import { DynamoUnavailable, isMissingTable, reasonOf } from './faults.js';
import { flawOf } from './schema.js';
import { TABLE_VARIABLES, type TableRole } from './settings.js';

/** A table that is missing or not fit, or a DynamoDB that does not let us look: one line that tells what to do. */
export class TableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TableError';
  }
}

export const TABLE_ROLES = Object.keys(TABLE_VARIABLES) as readonly TableRole[];

/** A table, or undefined where there is none by that name. */
export const describeTable = async (client: DynamoClient, role: TableRole): Promise<TableDescription | undefined> => {
  const TableName = client.tables[role];
  try {
    const { Table } = await client.run(`a look at the table ${TableName}`, (sending) =>
      client.documents.send(new DescribeTableCommand({ TableName }), sending),
    );
    return Table;
  } catch (error) {
    if (isMissingTable(error)) return undefined;
    if (error instanceof DynamoUnavailable) throw error;
    throw new TableError(
      `${TABLE_VARIABLES[role]}: the table ${TableName} cannot be looked at (${client.where}): ${reasonOf(error)}`,
      error,
    );
  }
};

const READY: ReadonlySet<string | undefined> = new Set(['ACTIVE', 'UPDATING']);

const checkTable = async (client: DynamoClient, role: TableRole): Promise<TableDescription> => {
  const name = client.tables[role];
  const fail = (flaw: string): never => {
    throw new TableError(`${TABLE_VARIABLES[role]}: the table ${name} ${flaw} (${client.where})`);
  };
  const table = await describeTable(client, role);
  if (table === undefined) return fail('does not exist; `aideals dynamodb create` makes it');
  const flaw = flawOf(role, table);
  if (flaw !== undefined) {
    return fail(`${flaw}; name another table, or delete it and let \`aideals dynamodb create\` make it anew`);
  }
  if (!READY.has(table.TableStatus)) return fail(`is ${table.TableStatus}; try again when it is ACTIVE`);
  return table;
};

export type CheckedTables = Readonly<Record<TableRole, TableDescription>>;

/** Looks whether all tables are there, keyed as needed. Throws a `TableError` with one line for the first that is not. */
export const checkTables = async (client: DynamoClient): Promise<CheckedTables> => {
  const found = await Promise.all(TABLE_ROLES.map(async (role) => [role, await checkTable(client, role)] as const));
  return Object.fromEntries(found) as Record<TableRole, TableDescription>;
};
