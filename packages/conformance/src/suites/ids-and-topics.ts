import { expect } from 'vitest';
import { errorWith, str } from '../expectations.js';
import { onTargets } from '../suite.js';

onTargets('Ids and topics', {}, (bench, check) => {
  check('[LIMIT-3] an id is 1 to 128 characters without control characters', async () => {
    const session = await bench.openSettled();
    const fine = [
      'a',
      'x'.repeat(128),
      '😀'.repeat(128),
      'ä b/c?d#e%20',
      '../../etc',
      '__proto__',
      'constructor',
      '"\'<>',
    ];
    for (const recipientId of fine) {
      const answer = await session.ask('sendMessage', { recipientId, content: 'x' });
      expect(answer.type, recipientId).toBe('messageSent');
      expect(str(answer, 'recipientId')).toBe(recipientId);
    }
    const wrong = ['', 'x'.repeat(129), 'a\nb', '\u0000', 'a\u007f', '\u0085', '\t', 7, null, {}, ['a']];
    for (const id of wrong) {
      const what = JSON.stringify(id);
      expect(await session.ask('sendMessage', { recipientId: id, content: 'x' }), what).toEqual(
        errorWith('VALIDATION_ERROR', 'data.recipientId'),
      );
      expect(await session.ask('notificationAck', { messageId: id }), what).toEqual(errorWith('VALIDATION_ERROR'));
      const body = { userId: id, title: 'a', message: 'b' };
      const answer = await bench.call('POST', '/v1/notifications', { body });
      expect(answer.status, what).toBe(400);
      expect(answer.json, what).toEqual(errorWith('VALIDATION_ERROR', 'userId'));
    }
  });

  check('[LIMIT-3] ids that look alike are different users', async () => {
    const names = [bench.user(), '__proto__', 'constructor'];
    for (const name of names) {
      const session = await bench.openSettled({ user: name });
      const others = [`${name} `, name.toUpperCase(), `${name}/`, `${name}:a`, `${name}#`];
      const sender = await bench.openSettled();
      for (const recipientId of others) {
        const answer = await sender.ask('sendMessage', { recipientId, content: 'x' });
        expect(answer.data['status'], recipientId).toBe('stored');
      }
      expect((await sender.ask('sendMessage', { recipientId: name, content: 'mine' })).data['status']).toBe(
        'delivered',
      );
      const got = (await session.untilPong()).filter((frame) => frame.data['senderId'] === sender.userId);
      expect(got.map((frame) => frame.data['content'])).toEqual(['mine']);
    }
  });

  check('[LIMIT-4] a topic is 1 to 128 letters, digits and -_.:', async () => {
    const session = await bench.openSettled();
    for (const topic of ['a', 'A-b_c.d:9', 'x'.repeat(128), '__proto__', 'constructor']) {
      const answer = await session.ask('subscribeToDeals', { topic });
      expect(answer, topic).toMatchObject({ type: 'subscriptionConfirmed', data: { topic } });
      const { id } = await bench.publish(topic, { a: 1 });
      expect((await session.take('dealUpdate')).id).toBe(id);
      await session.ask('unsubscribeFromDeals', { topic });
    }
    for (const topic of ['', 'x'.repeat(129), 'a b', 'a/b', 'ä', 'a*', 'a\n', '$x', 7, null, ['a']]) {
      const what = JSON.stringify(topic);
      const expected = errorWith('VALIDATION_ERROR', 'data.topic');
      expect(await session.ask('subscribeToDeals', { topic }), what).toEqual(expected);
      expect(await session.ask('unsubscribeFromDeals', { topic }), what).toEqual(expected);
      const answer = await bench.call('POST', '/v1/broadcast', { body: { topic, data: {} } });
      expect(answer.status, what).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR', 'topic'));
    }
  });

  check('[LIMIT-11] with AIDEALS_RATE_LIMIT=off the buckets are off', async () => {
    if (!bench.target.settable) return;
    const session = await bench.openSettled();
    const recipientId = bench.user();
    for (let n = 0; n < 100; n += 1) session.send('sendMessage', { recipientId, content: 'x' });
    for (let n = 0; n < 300; n += 1) session.send('ping');
    const answers = await session.takeMany(() => true, 400);
    expect(answers.filter((answer) => answer.type === 'error')).toEqual([]);
    expect(await session.ask('sendMessage', { recipientId, content: 'x'.repeat(8193) })).toEqual(
      errorWith('VALIDATION_ERROR', 'data.content'),
    );
  });
});
