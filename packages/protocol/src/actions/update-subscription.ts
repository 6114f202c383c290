import { z } from 'zod';
import { defineAction } from '../contract.js';
import { eventId, identifier, topicName } from '../fields.js';
import { filters } from '../filters.js';

export const updateSubscription = defineAction({
  action: 'updateSubscription',
  summary: 'Changes the filters of a subscription in its place.',
  description:
    'Up to `lastEventId` in the answer the former filters have decided, from there on the new ones do: no event is missed or doubled between. A replay that is under way goes on with the new filters. Where another subscription of this connection has the same topic and equal filters, the one named ends, the answer gives the id of the other, and `ended` that of the one named.',
  input: z.strictObject({ subscriptionId: identifier, filters }),
  replies: {
    subscriptionUpdated: z.object({
      subscriptionId: identifier,
      topic: topicName,
      filters,
      status: z.literal('active'),
      lastEventId: eventId,
      ended: identifier.optional(),
    }),
  },
  errors: ['SUBSCRIPTION_ERROR', 'CONNECTION_ERROR'],
  limit: 'subscribe',
  lambda: 'subscription',
  betweenPages: true,
  examples: [
    {
      title: 'A lower bound is raised',
      given: [
        {
          action: 'subscribeToDeals',
          data: { topic: 'new-deals', filters: { category: 'electronics', minDiscount: 20 } },
          keep: { subscriptionId: '/data/subscriptionId' },
        },
      ],
      data: { subscriptionId: '$subscriptionId', filters: { category: 'electronics', minDiscount: 40 } },
      reply: {
        type: 'subscriptionUpdated',
        data: {
          subscriptionId: '$subscriptionId',
          topic: 'new-deals',
          filters: { category: 'electronics', minDiscount: 40 },
          status: 'active',
          lastEventId: 'k3v9q2m7-1042',
        },
      },
      varies: ['lastEventId'],
    },
  ],
});
