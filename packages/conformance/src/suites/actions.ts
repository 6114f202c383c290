import { expect } from 'vitest';
import { errorWith, offsetOf, str } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

onTargets('ping and getStatus', {}, (bench, check) => {
  check('[PING-1] ping is answered with pong', async () => {
    const session = await bench.openSettled();
    for (const data of [undefined, {}, { anything: 1 }]) {
      expect(await session.ask('ping', data)).toMatchObject({ type: 'pong', data: {} });
    }
  });

  check('[PING-2] a pong tells the position up to which the connection was served', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const confirmed = await session.ask('subscribeToDeals', { topic, filters: { a: 1 } });
    const other = await bench.publish(bench.topic(), { a: 1 });
    const missed = await bench.publish(topic, { a: 2 });
    expect(offsetOf(missed.id)).toBeGreaterThan(offsetOf(other.id));
    const pong = await session.ask('ping');
    expect(pong.lastEventId).toBe(missed.id);
    expect(offsetOf(pong.lastEventId)).toBeGreaterThan(offsetOf(str(confirmed, 'lastEventId')));
    expect(session.inbox).toEqual([]);
    const matching = await bench.publish(topic, { a: 1 });
    expect((await session.ask('ping')).lastEventId).toBe(matching.id);
    expect(session.inbox.map((frame) => frame.id)).toEqual([matching.id]);
  });

  check('[STATUS-1] getStatus tells who and since when', async () => {
    const before = nowSeconds();
    const first = await bench.openSettled();
    const second = await bench.openSettled({ user: first.userId });
    const [one, two] = [await first.ask('getStatus'), await second.ask('getStatus', {})];
    for (const answer of [one, two]) {
      expect(answer).toMatchObject({
        type: 'statusUpdate',
        data: { userId: first.userId, subscriptions: [], systemStatus: 'operational' },
      });
      expect(Number(answer.data['connectedSince'])).toBeGreaterThanOrEqual(before - 1);
      expect(Number(answer.data['connectedSince'])).toBeLessThanOrEqual(nowSeconds() + 1);
    }
    expect(str(one, 'connectionId')).not.toBe(str(two, 'connectionId'));
  });

  check('[STATUS-2] getStatus lists the subscriptions of this connection', async () => {
    const session = await bench.openSettled();
    const other = await bench.openSettled({ user: session.userId });
    await other.ask('subscribeToDeals', { topic: bench.topic() });
    const [topic, second] = [bench.topic(), bench.topic()];
    const one = await session.ask('subscribeToDeals', { topic, filters: { category: ['a', 'b'], minDiscount: 5 } });
    const two = await session.ask('subscribeToDeals', { topic: second });
    const listed = (await session.ask('getStatus')).data['subscriptions'];
    expect(listed).toHaveLength(2);
    expect(listed).toEqual(
      expect.arrayContaining([
        {
          subscriptionId: str(one, 'subscriptionId'),
          type: 'deal',
          topic,
          filters: { category: ['a', 'b'], minDiscount: 5 },
        },
        { subscriptionId: str(two, 'subscriptionId'), type: 'deal', topic: second, filters: {} },
      ]),
    );
    await session.ask('unsubscribeFromDeals', { topic });
    expect((await session.ask('getStatus')).data['subscriptions']).toHaveLength(1);
  });
});

onTargets('notificationAck', {}, (bench, check) => {
  check('[ACK-1][ACK-3] a notification is acknowledged, and again', async () => {
    const session = await bench.openSettled();
    const notificationId = await bench.notify(session.userId);
    for (let times = 0; times < 3; times += 1) {
      expect(await session.ask('notificationAck', { notificationId })).toMatchObject({
        type: 'ackConfirmed',
        data: { notificationId, status: 'read' },
      });
    }
  });

  check('[ACK-2][ACK-3] a message is acknowledged as received or read, and again', async () => {
    const session = await bench.openSettled();
    const sender = await bench.open();
    const sent = await sender.ask('sendMessage', { recipientId: session.userId, content: 'hi' });
    const messageId = str(sent, 'messageId');
    for (const type of ['received', 'read', 'received', undefined]) {
      const answer = await session.ask('notificationAck', type === undefined ? { messageId } : { messageId, type });
      expect(answer).toMatchObject({ type: 'notificationAcked', data: { messageId, type: type ?? 'read' } });
      expect(Math.abs(Number(answer.data['timestamp']) - nowSeconds())).toBeLessThan(5);
    }
  });

  check('[ACK-4] only the recipient acknowledges, and only what there is', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.open();
    const stranger = await bench.open();
    const sent = await sender.ask('sendMessage', { recipientId: recipient.userId, content: 'hi' });
    const messageId = str(sent, 'messageId');
    const notificationId = await bench.notify(recipient.userId);
    for (const session of [sender, stranger]) {
      expect(await session.ask('notificationAck', { messageId })).toEqual(
        errorWith('VALIDATION_ERROR', 'data.messageId'),
      );
      expect(await session.ask('notificationAck', { notificationId })).toEqual(
        errorWith('VALIDATION_ERROR', 'data.notificationId'),
      );
    }
    const crossed = await recipient.ask('notificationAck', { notificationId: messageId });
    expect(crossed).toEqual(errorWith('VALIDATION_ERROR', 'data.notificationId'));
    expect(await recipient.ask('notificationAck', { messageId: 'no-such-id' })).toEqual(
      errorWith('VALIDATION_ERROR', 'data.messageId'),
    );
    expect((await recipient.ask('notificationAck', { messageId })).type).toBe('notificationAcked');
  });

  check('[ACK-5] neither id, both, or another type is refused', async () => {
    const session = await bench.openSettled();
    const notificationId = await bench.notify(session.userId);
    const wrong = [
      {},
      { type: 'read' },
      { notificationId, messageId: 'a' },
      { messageId: 'a', type: 'seen' },
      { messageId: 'a', type: 7 },
      { notificationId: 7 },
      { notificationId: '' },
      { messageId: null },
    ];
    for (const data of wrong) {
      expect(await session.ask('notificationAck', data), JSON.stringify(data)).toEqual(errorWith('VALIDATION_ERROR'));
    }
    expect((await session.ask('notificationAck', { notificationId })).type).toBe('ackConfirmed');
  });
});
