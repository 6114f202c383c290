import { z } from 'zod';
import { defineAction } from '../contract.js';
import { identifier, seconds } from '../fields.js';

export const notificationAck = defineAction({
  action: 'notificationAck',
  summary: 'Acknowledges a notification or a chat message.',
  description:
    'One acknowledgement, of any device, ends the delivery of that notification or message for all devices. Again is harmless. An id that is unknown, or another user’s, is a VALIDATION_ERROR.',
  input: z
    .object({
      notificationId: identifier.optional(),
      messageId: identifier.optional(),
      type: z.enum(['received', 'read']).default('read'),
    })
    .refine((data) => (data.notificationId === undefined) !== (data.messageId === undefined), {
      path: ['notificationId'],
      message: 'give either notificationId or messageId',
    }),
  replies: {
    ackConfirmed: z.object({ notificationId: identifier, status: z.literal('read') }),
    notificationAcked: z.object({ messageId: identifier, type: z.enum(['received', 'read']), timestamp: seconds }),
  },
  errors: [],
  limit: 'other',
  lambda: 'message',
  examples: [
    {
      title: 'A notification that was read',
      given: [
        {
          call: 'notifications',
          body: { userId: '$self', title: 'Price drop', message: 'The headphones you watch are 30% off.' },
          keep: { notificationId: '/notificationIds/0' },
        },
      ],
      data: { notificationId: '$notificationId' },
      reply: { type: 'ackConfirmed', data: { notificationId: '$notificationId', status: 'read' } },
    },
  ],
});
