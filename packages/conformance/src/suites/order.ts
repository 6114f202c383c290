import { expect } from 'vitest';
import { str } from '../expectations.js';
import { onTargets } from '../suite.js';

onTargets('Order', {}, (bench, check) => {
  check('[ORDER-1] frames are answered in the order in which they came, errors included', async () => {
    const session = await bench.openSettled();
    const recipientId = bench.user();
    const kinds = [
      { action: 'ping' },
      { action: 'sendMessage', data: { recipientId, content: 'x' } },
      { action: 'nothing' },
      { action: 'subscribeToDeals', data: { topic: bench.topic() } },
      { action: 'sendMessage', data: { recipientId, content: '' } },
      { action: 'getStatus' },
      { action: 'sendMessage', data: { recipientId, content: 'y', clientMessageId: 'c' } },
      { action: 'notificationAck', data: { messageId: 'unknown' } },
      { action: 'refreshToken', data: { token: 'bad' } },
      { action: 'unsubscribeFromDeals', data: {} },
      { action: 'refreshToken', data: { token: bench.token(session.userId) } },
    ];
    const frames = Array.from({ length: 220 }, (_, n) => ({ ...kinds[n % kinds.length], requestId: `${n}` }));
    session.raw.send(...frames.map((frame) => ({ opcode: 1, payload: JSON.stringify(frame) })));
    const answers = await session.takeMany(() => true, frames.length);
    expect(answers.map((answer) => answer.requestId)).toEqual(frames.map(({ requestId }) => requestId));
    const sequences = answers
      .filter((answer) => answer.type === 'messageSent')
      .map((answer) => answer.data['sequence']);
    expect(sequences.slice(0, 2)).toEqual([1, 2]);
  });

  check('[ORDER-1] messages that are sent at once arrive in the order in which they were sent', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const names = Array.from({ length: 200 }, (_, n) => `m${n}`);
    for (const content of names) sender.send('sendMessage', { recipientId: recipient.userId, content });
    const heard = await recipient.takeMany('messageReceived', names.length);
    expect(heard.map((frame) => frame.data['content'])).toEqual(names);
    expect(heard.map((frame) => frame.data['sequence'])).toEqual(names.map((_, n) => n + 1));
  });

  check('[ORDER-1] thousands of frames at once are all answered', async () => {
    const session = await bench.openSettled();
    const frames = Array.from({ length: 5000 }, (_, n) => ({
      opcode: 1,
      payload: `{"action":"ping","requestId":"${n}"}`,
    }));
    session.raw.send(...frames);
    const answers = await session.takeMany('pong', frames.length);
    expect(answers.every((answer, n) => answer.requestId === String(n))).toBe(true);
  });

  check('[ORDER-2] what a frame changed is seen by the next one', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const asked = [
      session.send('subscribeToDeals', { topic }),
      session.send('getStatus'),
      session.send('subscribeToDeals', { topic }),
      session.send('unsubscribeFromDeals', { topic }),
      session.send('getStatus'),
      session.send('subscribeToDeals', { topic }),
    ];
    const answers = [];
    for (const id of asked) answers.push(await session.answer(id));
    const [first, one, same, , none, anew] = answers as [(typeof answers)[0], ...typeof answers];
    expect(one?.data['subscriptions']).toMatchObject([{ subscriptionId: str(first as never, 'subscriptionId') }]);
    expect(same?.data['subscriptionId']).toBe(first?.data['subscriptionId']);
    expect(none?.data['subscriptions']).toEqual([]);
    expect(anew?.type).toBe('subscriptionConfirmed');
  });
});
