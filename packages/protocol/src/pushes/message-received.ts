import { z } from 'zod';
import { definePush } from '../contract.js';
import { identifier, seconds } from '../fields.js';

export const messageReceived = definePush({
  type: 'messageReceived',
  summary: 'A chat message.',
  description:
    'Pushed on every open connection of the recipient, and at each later connect until one `notificationAck` or its expiry; live also on the sender’s other connections.',
  data: z.object({
    messageId: identifier,
    senderId: identifier,
    recipientId: identifier,
    sequence: z.int().positive(),
    content: z.string(),
    type: z.string(),
    timestamp: seconds,
  }),
  example: {
    messageId: '019aba50-6f6f-7000-8000-3ad2f2f5a1c9',
    senderId: 'alice',
    recipientId: 'bob',
    sequence: 1,
    content: 'Hello, how are you?',
    type: 'text',
    timestamp: 1764039600,
  },
});
