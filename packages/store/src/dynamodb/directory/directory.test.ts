import { directoryContract } from '@aideals/core/contract/directory';
import fc from 'fast-check';
import { afterAll, beforeAll } from 'vitest';
import { type LocalDynamo, startDynamo } from '../../testing/dynamo.js';
import { dynamoDirectory } from './directory.js';

// Each run asks DynamoDB a hundred times over.
fc.configureGlobal({ numRuns: 12 });

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

// Before the end of the tokens that the contract gives.
const clock = { now: () => 1_500_000 };

directoryContract('DynamoDB', async () => {
  const client = await dynamo.client();
  return { directory: dynamoDirectory(client, clock), close: () => client.close() };
});
