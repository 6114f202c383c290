import { z } from 'zod';
import { defineCall } from '../contract.js';
import { ALL_DEALS, eventId, freeObject, topicName } from '../fields.js';
import { attributes } from '../filters.js';

export const broadcast = defineCall({
  call: 'broadcast',
  method: 'POST',
  path: '/v1/broadcast',
  summary: 'Publishes an event, or a list of them, to the subscribers of a topic.',
  description:
    'Committed to the log, then delivered, then flushed, then confirmed. `filters` are attributes that are laid over `data` for matching. `total` counts the connections that match where the publish was taken, `delivered` those whose outbox took the frame. A list is published whole or not at all. As `application/x-ndjson` the body is a stream of events, one in each line, published in their order while they come; it is answered at its end. The first line that is wrong ends it: the error names it as `line`, and what stands before it is published. With `?keepGoing=true` such lines are left out, and told in the answer.',
  scope: 'publish',
  limit: 'publish',
  params: undefined,
  query: z.object({
    keepGoing: z
      .enum(['true', 'false'], { error: 'must be true or false' })
      .default('false')
      .describe('Of a stream of lines: leave wrong ones out, and go on.'),
  }),
  body: z.strictObject({
    messageType: z
      .string()
      .regex(/^[a-z][A-Za-z0-9]{0,63}$/, 'must be a lower-case letter, then up to 63 letters and digits')
      .default('dealUpdate'),
    data: freeObject,
    topic: topicName.default(ALL_DEALS),
    filters: attributes.optional(),
  }),
  many: 1000,
  lines: z.object({
    published: z.int().nonnegative(),
    delivered: z.int().nonnegative(),
    total: z.int().nonnegative(),
    firstId: eventId.optional().describe('Of the first event that was published.'),
    lastId: eventId.optional(),
    failed: z.int().nonnegative().describe('How many lines were left out.'),
    errors: z
      .array(z.object({ line: z.int().positive(), message: z.string() }))
      .describe('The first 100 of them, by their numbers: the first line is 1.'),
  }),
  idempotent: true,
  reply: z.object({
    broadcast: z.literal('success'),
    id: eventId,
    delivered: z.int().nonnegative(),
    total: z.int().nonnegative(),
    queued: z.int().nonnegative().optional(),
    nodes: z.int().nonnegative().optional(),
  }),
  errors: [],
  statuses: {
    409: 'The Idempotency-Key was used with another body.',
    413: 'The body, or one event as a frame, is too large.',
    503: 'The event could not be stored.',
  },
  example: {
    body: {
      data: { dealId: 'deal-7', title: 'Wireless headphones', category: 'electronics', discountPercentage: 35 },
      topic: 'new-deals',
    },
    reply: { broadcast: 'success', id: 'k3v9q2m7-1043', delivered: 12, total: 12 },
  },
});
