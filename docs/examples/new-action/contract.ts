import { z } from 'zod';
import { defineAction } from '../contract.js';
import { identifier } from '../fields.js';

export const whoAmI = defineAction({
  action: 'whoAmI',
  summary: 'Tells who the server takes this connection for.',
  description:
    'The user is the `sub` of the token. `granted` tells, where a `scope` is asked for, whether the token grants it.',
  input: z.object({ scope: z.enum(['publish', 'admin']).optional() }),
  replies: { identity: z.object({ userId: identifier, granted: z.boolean().optional() }) },
  errors: [],
  limit: 'other',
  lambda: 'message',
  examples: [
    {
      title: 'A user without scopes',
      data: { scope: 'publish' },
      reply: { type: 'identity', data: { userId: '$self', granted: false } },
    },
  ],
});
