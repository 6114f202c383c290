import { z } from 'zod';
import { defineCall } from '../contract.js';
import { identifier, seconds } from '../fields.js';

export const listConnections = defineCall({
  call: 'listConnections',
  method: 'GET',
  path: '/v1/connections',
  summary: 'Lists the open connections of a user.',
  description: 'For administrators.',
  scope: 'admin',
  limit: 'other',
  params: undefined,
  query: z.object({ userId: identifier }),
  body: undefined,
  many: undefined,
  reply: z.object({
    items: z.array(z.object({ connectionId: identifier, userId: identifier, connectedSince: seconds })),
  }),
  errors: [],
  example: {
    query: { userId: 'alice' },
    reply: {
      items: [{ connectionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1cb', userId: 'alice', connectedSince: 1764039600 }],
    },
  },
});
