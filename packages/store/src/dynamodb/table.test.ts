import { tableContract } from '@aideals/core/contract/table';
import { afterAll, beforeAll } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { dynamoTable } from './table.js';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

tableContract(
  'DynamoDB',
  async (clock) => {
    const client = await dynamo.client();
    return { table: dynamoTable(client, clock), close: () => client.close() };
  },
  { removedBy: 'DynamoDB, by their ttl', runs: 30 },
);
