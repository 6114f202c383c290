import { WireError } from '@aideals/protocol';
import { utf8Length } from '../delivery/frames.js';
import { send } from '../features/chat.js';
import type { ActionHandler } from '../handler.js';
import { toSeconds } from '../ports/index.js';
import { storing } from '../storing.js';

const ROOM = 'room:';

export const handle: ActionHandler<'sendMessage'> = async (cx, input) => {
  const { recipientId, content, type, clientMessageId } = input;
  if (utf8Length(content) > cx.settings.limits.contentBytes) {
    throw WireError.field('data.content', `must have at most ${cx.settings.limits.contentBytes} bytes of UTF-8`);
  }
  if (recipientId.startsWith(ROOM)) throw new WireError('MESSAGE_ERROR', 'there is no such room', { recipientId });
  const { connectionId, userId: senderId } = cx.connection;
  const message = { senderId, connectionId, recipientId, content, type };
  const sent = await storing(cx, 'MESSAGE_ERROR', () =>
    send(cx, clientMessageId === undefined ? message : { ...message, clientMessageId }),
  );
  const { messageId, sequence, status, at } = sent;
  return { type: 'messageSent', data: { messageId, recipientId, sequence, status, timestamp: toSeconds(at) } };
};
