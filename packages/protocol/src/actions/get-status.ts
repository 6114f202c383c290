import { z } from 'zod';
import { defineAction } from '../contract.js';
import { identifier, seconds, topicName } from '../fields.js';
import { filters } from '../filters.js';

export const getStatus = defineAction({
  action: 'getStatus',
  summary: 'Tells what the server knows of this connection.',
  description:
    'The connection’s id and user, since when it is open, its subscriptions, and the state of the system: `operational`, `degraded` or `draining`.',
  input: z.object({}),
  replies: {
    statusUpdate: z.object({
      connectionId: identifier,
      userId: identifier,
      connectedSince: seconds,
      subscriptions: z.array(
        z.object({ subscriptionId: identifier, type: z.literal('deal'), topic: topicName, filters }),
      ),
      systemStatus: z.enum(['operational', 'degraded', 'draining']),
    }),
  },
  errors: [],
  limit: 'other',
  lambda: 'message',
  examples: [
    {
      title: 'The status of a fresh connection',
      data: {},
      reply: {
        type: 'statusUpdate',
        data: {
          connectionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1cb',
          userId: '$self',
          connectedSince: 1764039600,
          subscriptions: [],
          systemStatus: 'operational',
        },
      },
      varies: ['connectionId', 'connectedSince'],
    },
  ],
});
