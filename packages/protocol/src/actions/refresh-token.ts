import { z } from 'zod';
import { defineAction } from '../contract.js';
import { seconds } from '../fields.js';

export const refreshToken = defineAction({
  action: 'refreshToken',
  summary: 'Gives the connection a new token.',
  description:
    'With a `token` of the identity provider (same `sub`) the connection lives on with that one’s expiry, also in the grace time after the old one expired. Without one the server issues a token, where it is configured to; never past 24 hours after the first sign-in.',
  input: z.object({ token: z.string().min(1).max(16_384).optional() }),
  replies: { tokenRefreshed: z.object({ token: z.string(), expiresAt: seconds }) },
  errors: ['AUTHORIZATION_ERROR'],
  limit: 'other',
  lambda: 'message',
  examples: [],
});
