import { z } from 'zod';
import { defineCall } from '../contract.js';
import { identifier } from '../fields.js';

export const closeConnection = defineCall({
  call: 'closeConnection',
  method: 'DELETE',
  path: '/v1/connections/{id}',
  summary: 'Disconnects one connection.',
  description: 'For administrators. The connection is closed with 4003, which tells a client not to come back.',
  scope: 'admin',
  limit: 'other',
  params: z.object({ id: identifier }),
  query: undefined,
  body: undefined,
  many: undefined,
  reply: undefined,
  errors: [],
  statuses: { 404: 'There is no such connection.' },
  example: { params: { id: '019aba50-6f6f-7000-8000-3ad2f2f5a1cb' } },
});
