import { z } from 'zod';
import { definePush } from '../contract.js';
import { eventId, identifier, lost } from '../fields.js';

export const subscriptionRecovered = definePush({
  type: 'subscriptionRecovered',
  summary: 'All that a subscription missed has been sent.',
  description:
    'Ends the replay that a `lastEventId` began: how many events were sent again, and the position that the subscription has reached. Where events went out of retention while the replay was on its way, one with `lost` tells that gap first, and the replay goes on behind it.',
  data: z.object({
    subscriptionId: identifier,
    replayed: z.int().nonnegative(),
    lastEventId: eventId,
    lost: lost.optional(),
  }),
  example: { subscriptionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1ca', replayed: 12, lastEventId: 'k3v9q2m7-1054' },
});
