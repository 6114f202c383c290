import { z } from 'zod';
import { defineCall } from '../contract.js';
import { ALL_DEALS, freeObject, identifier, topicName } from '../fields.js';
import { attributes, explained } from '../filters.js';

export const explainMatch = defineCall({
  call: 'explainMatch',
  method: 'POST',
  path: '/v1/explain-match',
  summary: 'Tells whether an event would reach the caller’s own subscriptions, and why not.',
  description:
    'As the action, for the subscriptions of all connections of the user that the token names, as far as the server that answers holds them. Nothing is published.',
  scope: undefined,
  limit: 'other',
  params: undefined,
  query: undefined,
  body: z.strictObject({
    subscriptionId: identifier.optional(),
    data: freeObject,
    topic: topicName.default(ALL_DEALS),
    filters: attributes.optional(),
  }),
  many: undefined,
  reply: z.object({ items: z.array(explained.extend({ connectionId: identifier })) }),
  errors: ['SUBSCRIPTION_ERROR'],
  example: {
    body: { data: { title: 'Headphones', category: 'electronics', discount: 10 }, topic: 'new-deals' },
    reply: {
      items: [
        {
          connectionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1cb',
          subscriptionId: '019aba50-6f6f-7000-8000-3ad2f2f5a1ca',
          topic: 'new-deals',
          isOnTopic: true,
          matches: false,
          failed: [{ filter: 'minDiscount', reason: 'discount is 10, below 20' }],
        },
      ],
    },
  },
});
