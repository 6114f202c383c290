import { refresh } from '../features/tokens.js';
import type { ActionHandler } from '../handler.js';

export const handle: ActionHandler<'refreshToken'> = async (cx, input) => {
  const { token, expiresAt, patch, next } = await refresh(cx, cx.connection, input.token);
  cx.patch(patch);
  for (const continuation of next) cx.next(continuation);
  return { type: 'tokenRefreshed', data: { token, expiresAt } };
};
