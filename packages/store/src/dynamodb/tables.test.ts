import { CreateTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { DynamoClient } from './client.js';
import { createTables } from './create-tables.js';
import { creationOf } from './schema.js';
import type { TableRole } from './settings.js';
import { checkTables } from './tables.js';

describe('the tables on DynamoDB', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const bare = (name: string): DynamoClient =>
    new DynamoClient({
      region: 'us-east-1',
      endpoint: dynamo.endpoint,
      environment: {},
      tables: { connections: `${name}-c`, subscriptions: `${name}-s`, aideals: `${name}-a` },
    });

  test('are made once, with the keys of the guides, and are fit then', async () => {
    const client = bare('made');
    const made = await createTables(client);
    expect(made.map(({ role, outcome }) => [role, outcome])).toEqual([
      ['connections', 'created'],
      ['subscriptions', 'created'],
      ['aideals', 'created'],
    ]);
    // A local DynamoDB deletes nothing by itself, and says that it does not know how.
    expect(made.map(({ without }) => without)).toEqual([['ttl'], ['ttl'], ['ttl']]);
    expect((await createTables(client)).map(({ outcome }) => outcome)).toEqual(['present', 'present', 'present']);
    const tables = await checkTables(client);
    expect(tables.connections.GlobalSecondaryIndexes?.[0]).toMatchObject({ IndexName: 'UserIdIndex' });
    expect(tables.aideals.TableId).toMatch(/^[0-9a-f-]{30,40}$/u);
    client.close();
  });

  test('are made with bought capacity where that is asked for, and told not to scale at a local endpoint', async () => {
    const client = bare('bought');
    const made = await createTables(client, { billing: { mode: 'provisioned', minUnits: 3, maxUnits: 30 } });
    expect(made[0]?.without).toEqual(['ttl', 'scaling']);
    const { connections } = await checkTables(client);
    expect(connections.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 3, WriteCapacityUnits: 3 });
    client.close();
  });

  test('that are missing are told by name, variable and remedy', async () => {
    const client = bare('missing');
    await expect(checkTables(client)).rejects.toThrow(
      /^CONNECTIONS_TABLE: the table missing-c does not exist; `aideals dynamodb create` makes it \(http:/u,
    );
    client.close();
  });

  test('that are keyed in another way are told, and nothing is made beside them', async () => {
    const client = bare('wrong');
    const put = (role: TableRole, as: TableRole) =>
      client.documents.send(new CreateTableCommand(creationOf(as, client.tables[role], { mode: 'on-demand' })));
    await put('aideals', 'connections');
    const told = /^AIDEALS_TABLE: the table wrong-a .*has the key connectionId where pk and sk is needed/u;
    await expect(createTables(client)).rejects.toThrow(told);
    const { TableNames = [] } = await client.documents.send(new ListTablesCommand({}));
    expect(TableNames.filter((name) => name.startsWith('wrong-'))).toEqual(['wrong-a']);
    await put('subscriptions', 'subscriptions');
    await client.documents.send(
      new CreateTableCommand({
        TableName: client.tables.connections,
        AttributeDefinitions: [{ AttributeName: 'connectionId', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'connectionId', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await expect(checkTables(client)).rejects.toThrow(/^CONNECTIONS_TABLE: .* has no index UserIdIndex on userId/u);
    client.close();
  });
});
