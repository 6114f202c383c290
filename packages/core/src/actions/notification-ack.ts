import { WireError } from '@aideals/protocol';
import { acknowledge } from '../delivery/mailbox.js';
import type { ActionHandler } from '../handler.js';
import { toSeconds } from '../ports/index.js';

export const handle: ActionHandler<'notificationAck'> = async (cx, { notificationId, messageId, type }) => {
  const { table } = cx.ports;
  const { userId } = cx.connection;
  if (notificationId !== undefined) {
    if (!(await acknowledge(table, userId, 'notification', notificationId, 'read'))) {
      throw WireError.field('data.notificationId', 'is not the id of a notification of yours');
    }
    return { type: 'ackConfirmed', data: { notificationId, status: 'read' } };
  }
  const id = messageId as string;
  if (!(await acknowledge(table, userId, 'message', id, type))) {
    throw WireError.field('data.messageId', 'is not the id of a message to you');
  }
  return { type: 'notificationAcked', data: { messageId: id, type, timestamp: toSeconds(cx.now) } };
};
