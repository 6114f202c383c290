import { z } from 'zod';
import { defineAction } from '../contract.js';
import { ALL_DEALS, freeObject, identifier, topicName } from '../fields.js';
import { attributes, explained } from '../filters.js';

export const explainMatch = defineAction({
  action: 'explainMatch',
  summary: 'Tells whether an event would reach subscriptions of this connection, and why not.',
  description:
    'The event is the one given: nothing is published. With `subscriptionId` it tells of that one every condition that does not hold, else of each subscription of this connection the first. `data`, `topic` and `filters` are as in a broadcast. `isOnTopic` tells whether the subscription hears the topic at all.',
  input: z.strictObject({
    subscriptionId: identifier.optional(),
    data: freeObject,
    topic: topicName.default(ALL_DEALS),
    filters: attributes.optional(),
  }),
  replies: { matchExplained: z.object({ items: z.array(explained) }) },
  errors: ['SUBSCRIPTION_ERROR'],
  limit: 'other',
  lambda: 'subscription',
  examples: [
    {
      title: 'A connection without subscriptions',
      data: { data: { title: 'Headphones', price: 99 }, topic: 'new-deals' },
      reply: { type: 'matchExplained', data: { items: [] } },
    },
  ],
});
