import { z } from 'zod';
import { defineAction } from '../contract.js';
import { identifier, seconds } from '../fields.js';

export const sendMessage = defineAction({
  action: 'sendMessage',
  summary: 'Sends a chat message to a user.',
  description:
    'Stored before it is confirmed. `status` is `delivered` when at least one connection of the recipient took it, else `stored`: it waits, and is delivered when the recipient next connects. `sequence` is dense in the conversation of the two, both directions. A `clientMessageId` makes a repeat safe: it is stored once and answered with the first `messageId`. A `recipientId` that begins with `room:` is a room.',
  input: z.object({
    recipientId: identifier,
    content: z.string().min(1, 'must not be empty').describe('Up to 8,192 bytes of UTF-8.'),
    type: z.string().min(1).max(64).default('text'),
    clientMessageId: identifier.optional().describe('Unique per sender, for as long as its message lives.'),
  }),
  replies: {
    messageSent: z.object({
      messageId: identifier,
      recipientId: identifier,
      sequence: z.int().positive(),
      status: z.enum(['delivered', 'stored']),
      timestamp: seconds,
    }),
  },
  errors: ['MESSAGE_ERROR'],
  limit: 'sendMessage',
  lambda: 'message',
  pipelined: true,
  examples: [
    {
      title: 'A message to a user who is away',
      data: { recipientId: '$self-friend', content: 'Hello, how are you?', type: 'text' },
      reply: {
        type: 'messageSent',
        data: {
          messageId: '019aba50-6f6f-7000-8000-3ad2f2f5a1c9',
          recipientId: '$self-friend',
          sequence: 1,
          status: 'stored',
          timestamp: 1764039600,
        },
      },
      varies: ['messageId', 'timestamp'],
    },
  ],
});
