import type { ServerFrame } from '@aideals/protocol';
import type { Bench } from './bench.js';
import { str } from './expectations.js';
import type { Session } from './session.js';

/** What the next messages say. */
export const contents = async (session: Session, count: number): Promise<unknown[]> =>
  (await session.takeMany('messageReceived', count)).map((frame) => frame.data['content']);

/**
 * Sends messages in this order, and gives their ids when all are confirmed: at once, but for a deployment that promises no
 * order of what is on its way together.
 */
export const sendAll = async (
  { target }: Pick<Bench, 'target'>,
  sender: Session,
  recipientId: string,
  names: readonly string[],
): Promise<string[]> => {
  const asked: Promise<ServerFrame>[] = [];
  for (const content of names) {
    const answer = sender.answer(sender.send('sendMessage', { recipientId, content }));
    asked.push(answer);
    if (target.kind === 'serverless') await answer;
  }
  return (await Promise.all(asked)).map((answer) => str(answer, 'messageId'));
};

/** Acknowledges a message. */
export const ack = (session: Session, messageId: string, type = 'read') =>
  session.ask('notificationAck', { messageId, type });
