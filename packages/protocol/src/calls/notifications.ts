import { z } from 'zod';
import { defineCall } from '../contract.js';
import { freeObject, identifier, seconds } from '../fields.js';

export const notifications = defineCall({
  call: 'notifications',
  method: 'POST',
  path: '/v1/notifications',
  summary: 'Notifies one or more users.',
  description:
    'Stored, then pushed on every open connection of each user, then confirmed; handed over at each later connect until acknowledged or expired. One id for each user, in the order given.',
  scope: 'publish',
  limit: 'publish',
  params: undefined,
  query: undefined,
  body: z
    .strictObject({
      userId: identifier.optional(),
      userIds: z.array(identifier).min(1).max(1000).optional(),
      title: z.string().min(1).max(256),
      message: z.string().min(1).max(8192),
      data: freeObject.optional(),
      expiresAt: seconds.optional(),
    })
    .refine((body) => (body.userId === undefined) !== (body.userIds === undefined), {
      path: ['userId'],
      message: 'give either userId or userIds',
    }),
  idempotent: true,
  many: undefined,
  reply: z.object({ notificationIds: z.array(identifier) }),
  errors: ['MESSAGE_ERROR'],
  statuses: {
    409: 'The Idempotency-Key was used with another body.',
    413: 'The body is too large.',
    503: 'It could not be stored.',
  },
  example: {
    body: { userId: 'alice', title: 'Price drop', message: 'The headphones you watch are 30% off.' },
    reply: { notificationIds: ['019aba50-6f6f-7000-8000-3ad2f2f5a1cc'] },
  },
});
