import { z } from 'zod';
import { defineAction } from '../contract.js';

export const ping = defineAction({
  action: 'ping',
  summary: 'Shows that the connection lives.',
  description:
    'Answered at once. The envelope of the `pong` carries `lastEventId`: the position in the log up to which this connection has been served, so that a client whose filters match rarely keeps a fresh cursor.',
  input: z.object({}),
  replies: { pong: z.object({}) },
  errors: [],
  limit: 'other',
  lambda: 'default',
  examples: [{ title: 'A ping', data: {}, reply: { type: 'pong', data: {} } }],
});
