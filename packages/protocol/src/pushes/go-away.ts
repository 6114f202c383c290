import { z } from 'zod';
import { definePush } from '../contract.js';

export const goAway = definePush({
  type: 'goAway',
  summary: 'The server is about to stop.',
  description:
    'Close, and come back after `afterMs` plus a random part of `spreadMs`: each connection is told its own delay, so that not all come back at once.',
  data: z.object({ afterMs: z.int().nonnegative(), spreadMs: z.int().nonnegative() }),
  example: { afterMs: 1200, spreadMs: 1000 },
});
