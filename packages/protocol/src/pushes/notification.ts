import { z } from 'zod';
import { definePush } from '../contract.js';
import { freeObject, identifier, seconds } from '../fields.js';

export const notification = definePush({
  type: 'notification',
  summary: 'Something for this user.',
  description:
    'Pushed on every open connection of the user, and at each later connect until one `notificationAck` or its expiry.',
  data: z.object({
    notificationId: identifier,
    title: z.string(),
    message: z.string(),
    data: freeObject,
    timestamp: seconds,
  }),
  example: {
    notificationId: '019aba50-6f6f-7000-8000-3ad2f2f5a1cc',
    title: 'Price drop',
    message: 'The headphones you watch are 30% off.',
    data: {},
    timestamp: 1764039600,
  },
});
