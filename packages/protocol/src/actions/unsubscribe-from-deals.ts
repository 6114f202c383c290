import { z } from 'zod';
import { defineAction } from '../contract.js';
import { ALL_DEALS, identifier, topicName } from '../fields.js';

export const unsubscribeFromDeals = defineAction({
  action: 'unsubscribeFromDeals',
  summary: 'Ends one subscription, or all of a topic.',
  description:
    'By `subscriptionId` it ends that one. By `topic` (`all-deals` when neither is given) it ends all subscriptions of this connection on that topic, and confirms where there was none. Both at once are refused.',
  input: z
    .object({ topic: topicName.optional(), subscriptionId: identifier.optional() })
    .refine((data) => data.topic === undefined || data.subscriptionId === undefined, {
      path: ['topic'],
      message: 'give either topic or subscriptionId, not both',
    }),
  replies: {
    unsubscriptionConfirmed: z.object({ topic: topicName, subscriptionId: identifier.optional() }),
  },
  errors: ['SUBSCRIPTION_ERROR'],
  limit: 'subscribe',
  lambda: 'subscription',
  betweenPages: true,
  examples: [
    {
      title: 'All subscriptions of a topic',
      data: { topic: 'new-deals' },
      reply: { type: 'unsubscriptionConfirmed', data: { topic: 'new-deals' } },
    },
    {
      title: `The default topic, ${ALL_DEALS}`,
      data: {},
      reply: { type: 'unsubscriptionConfirmed', data: { topic: ALL_DEALS } },
    },
  ],
});
