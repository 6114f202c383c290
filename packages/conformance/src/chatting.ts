import { str } from './expectations.js';
import type { Session } from './session.js';

/** What the next messages say. */
export const contents = async (session: Session, count: number): Promise<unknown[]> =>
  (await session.takeMany('messageReceived', count)).map((frame) => frame.data['content']);

/** Sends messages at once, and gives their ids when all are confirmed. */
export const sendAll = async (sender: Session, recipientId: string, names: readonly string[]): Promise<string[]> => {
  const asked = names.map((content) => sender.answer(sender.send('sendMessage', { recipientId, content })));
  return (await Promise.all(asked)).map((answer) => str(answer, 'messageId'));
};

/** Acknowledges a message. */
export const ack = (session: Session, messageId: string, type = 'read') =>
  session.ask('notificationAck', { messageId, type });
