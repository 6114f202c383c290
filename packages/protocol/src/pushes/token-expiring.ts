import { z } from 'zod';
import { definePush } from '../contract.js';
import { seconds } from '../fields.js';

export const tokenExpiring = definePush({
  type: 'tokenExpiring',
  summary: 'The token of this connection expires soon.',
  description: 'Sent a minute before (at once where less is left). Answer with `refreshToken`.',
  data: z.object({ expiresAt: seconds }),
  example: { expiresAt: 1764043200 },
});
