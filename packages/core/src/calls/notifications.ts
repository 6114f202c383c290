import { WireError } from '@aideals/protocol';
import { fitsMessage } from '../delivery/frames.js';
import { notify } from '../features/notifications.js';
import type { CallHandler } from '../handler.js';
import { toSeconds } from '../ports/index.js';
import { storing } from '../storing.js';

export const handle: CallHandler<'notifications'> = async (cx, { body }) => {
  const { userId, userIds, title, message, data = {}, expiresAt } = body;
  if (expiresAt !== undefined && expiresAt <= toSeconds(cx.now)) {
    throw WireError.field('expiresAt', 'must lie in the future, in whole Unix seconds');
  }
  if (!fitsMessage({ title, message, data }, cx.settings.limits.messageBytes)) {
    throw WireError.field('data', `makes a message over ${cx.settings.limits.messageBytes} bytes; send less`, 413);
  }
  const notice = { userIds: userIds ?? [userId as string], title, message, data, expiresAt };
  const work = () => notify(cx, notice, cx.idempotency);
  const { notificationIds, replayed } = await storing(cx, 'INTERNAL_ERROR', work, 503);
  return { reply: { notificationIds: [...notificationIds] }, replayed };
};
