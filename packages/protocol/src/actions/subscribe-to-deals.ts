import { z } from 'zod';
import { defineAction } from '../contract.js';
import { ALL_DEALS, eventId, identifier, lost, topicName } from '../fields.js';
import { filters } from '../filters.js';

export const subscribeToDeals = defineAction({
  action: 'subscribeToDeals',
  summary: 'Subscribes this connection to the deals of a topic that match filters.',
  description:
    'The topic `all-deals` receives every topic but `price-updates`. The same topic with equal filters again answers the same `subscriptionId`. `lastEventId` in the answer is the position from which delivery is promised. With a `lastEventId` in the request, what was missed and matches follows in order, then the push `subscriptionRecovered`; `recovered:false` and `lost` tell where the gap is not covered.',
  input: z.strictObject({
    topic: topicName.default(ALL_DEALS),
    filters: filters.optional(),
    lastEventId: eventId.optional(),
  }),
  replies: {
    subscriptionConfirmed: z.object({
      subscriptionId: identifier,
      topic: topicName,
      filters,
      status: z.literal('active'),
      lastEventId: eventId,
      recovered: z.boolean().optional(),
      lost: lost.optional(),
    }),
  },
  errors: ['SUBSCRIPTION_ERROR'],
  limit: 'subscribe',
  lambda: 'subscription',
  betweenPages: true,
  examples: [
    {
      title: 'Electronics with at least 20 percent off',
      data: { topic: 'new-deals', filters: { category: 'electronics', minDiscount: 20 } },
      reply: {
        type: 'subscriptionConfirmed',
        data: {
          subscriptionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1ca',
          topic: 'new-deals',
          filters: { category: 'electronics', minDiscount: 20 },
          status: 'active',
          lastEventId: 'k3v9q2m7-1042',
        },
      },
      varies: ['subscriptionId', 'lastEventId'],
    },
  ],
});
