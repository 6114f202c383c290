import type { Clock } from '@aideals/core';
import { type StreamsSubject, streamsContract } from '@aideals/core/contract/streams';
import { afterAll, beforeAll } from 'vitest';
import { type LocalDynamo, startDynamo } from '../../testing/dynamo.js';
import type { DynamoClient } from '../client.js';
import { dynamoStreams } from './streams.js';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

const open = async (clock: Clock, client: DynamoClient): Promise<StreamsSubject> => ({
  streams: await dynamoStreams(client, { clock }),
  // A start begins no segment here: nobody owns the log. A restored table does.
  reopen: async () => open(clock, await dynamo.restored(client)),
  close: () => client.close(),
});

streamsContract('DynamoDB', async (clock) => open(clock, await dynamo.client()));
