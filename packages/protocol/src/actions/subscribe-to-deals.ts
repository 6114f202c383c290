import { z } from 'zod';
import { defineAction } from '../contract.js';
import { ALL_DEALS, eventId, identifier, lost, topicName } from '../fields.js';
import { filters } from '../filters.js';

export const subscribeToDeals = defineAction({
  action: 'subscribeToDeals',
  summary: 'Subscribes this connection to the deals of a topic that match filters.',
  description:
    'The topic `all-deals` receives every topic but `price-updates`. The same topic with equal filters again answers the same `subscriptionId`. `lastEventId` in the answer is the position from which delivery is promised. With a `lastEventId` in the request, what was missed and matches follows in order, then the push `subscriptionRecovered`; `recovered:false` and `lost` tell where the gap is not covered. With `preview: true` nothing is subscribed: `subscriptionPreviewed` tells how many of the events that are retained on the topic would have matched, from `lastEventId` on where it is given, else from the oldest. It looks at up to 2,000 events and tells up to which; where `complete` is false, ask again with that `lastEventId`.',
  input: z.strictObject({
    topic: topicName.default(ALL_DEALS),
    filters: filters.optional(),
    lastEventId: eventId.optional(),
    preview: z.boolean().default(false).describe('Counts what would have matched, and subscribes to nothing.'),
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
    subscriptionPreviewed: z.object({
      topic: topicName,
      filters,
      matched: z.int().nonnegative().describe('How many events would have matched.'),
      seen: z.int().nonnegative().describe('How many were looked at.'),
      lastEventId: eventId.describe('Up to which they were.'),
      complete: z.boolean().describe('Whether that was all that is there.'),
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
    {
      title: 'How many events would have matched',
      data: { topic: 'never-used', filters: { keywords: 'WH-1000XM5' }, preview: true },
      reply: {
        type: 'subscriptionPreviewed',
        data: {
          topic: 'never-used',
          filters: { keywords: 'WH-1000XM5' },
          matched: 0,
          seen: 0,
          lastEventId: 'k3v9q2m7-1042',
          complete: true,
        },
      },
      varies: ['lastEventId'],
    },
  ],
});
