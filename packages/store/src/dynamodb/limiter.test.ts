import { limiterContract } from '@aideals/core/contract/limiter';
import { afterAll, beforeAll } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { dynamoLimiter } from './limiter.js';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

limiterContract('DynamoDB', async (clock) => {
  const client = await dynamo.client();
  return { limiter: dynamoLimiter(client, clock), close: () => client.close() };
});
