import { expect } from 'vitest';
import { errorWith, str } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

onTargets('sendMessage', {}, (bench, check) => {
  check('[CHAT-1] a message is confirmed with its id and place', async () => {
    const sender = await bench.openSettled();
    const recipientId = bench.user();
    const answer = await sender.ask('sendMessage', { recipientId, content: 'hello' });
    expect(answer).toMatchObject({ type: 'messageSent', data: { recipientId, sequence: 1, status: 'stored' } });
    expect(str(answer, 'messageId')).not.toBe('');
    expect(Math.abs(Number(answer.data['timestamp']) - nowSeconds())).toBeLessThan(5);
  });

  check('[CHAT-1] type is text by default, and 1 to 64 characters', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const to = { recipientId: recipient.userId, content: 'x' };
    for (const type of [undefined, 'text', 'image', 't'.repeat(64)]) {
      await sender.ask('sendMessage', type === undefined ? to : { ...to, type });
      expect((await recipient.take('messageReceived')).data['type']).toBe(type ?? 'text');
    }
    for (const type of ['', 't'.repeat(65), 7, null, ['text']]) {
      expect(await sender.ask('sendMessage', { ...to, type })).toEqual(errorWith('VALIDATION_ERROR', 'data.type'));
    }
    expect(await recipient.untilPong()).toEqual([]);
  });

  check('[CHAT-2][CHAT-3] every connection of the recipient and the other ones of the sender get it', async () => {
    const recipients = [await bench.openSettled()];
    const recipientId = recipients[0]?.userId ?? '';
    recipients.push(await bench.openSettled({ user: recipientId }));
    const sender = await bench.openSettled();
    const sibling = await bench.openSettled({ user: sender.userId });
    const stranger = await bench.openSettled();
    const answer = await sender.ask('sendMessage', { recipientId, content: 'hello', type: 'note' });
    expect(answer.data['status']).toBe('delivered');
    const { messageId, sequence, timestamp } = answer.data;
    for (const session of [...recipients, sibling]) {
      expect((await session.take('messageReceived')).data).toEqual({
        messageId,
        senderId: sender.userId,
        recipientId,
        sequence,
        content: 'hello',
        type: 'note',
        timestamp,
      });
    }
    for (const session of [...recipients, sibling, sender, stranger]) expect(await session.untilPong()).toEqual([]);
  });

  check('[CHAT-2] it is stored where the recipient is away, or has just gone', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const to = { recipientId: recipient.userId, content: 'x' };
    expect((await sender.ask('sendMessage', to)).data['status']).toBe('delivered');
    await recipient.close();
    expect((await sender.ask('sendMessage', to)).data['status']).toBe('stored');
  });

  check('[CHAT-4] the sequence is dense in a conversation, both directions together', async () => {
    const one = await bench.openSettled();
    const two = await bench.openSettled();
    const third = await bench.openSettled();
    const sequences = [];
    for (const [from, to] of [
      [one, two],
      [one, two],
      [two, one],
      [one, two],
      [two, one],
    ] as const) {
      const answer = await from.ask('sendMessage', { recipientId: to.userId, content: 'x' });
      sequences.push(answer.data['sequence']);
    }
    expect(sequences).toEqual([1, 2, 3, 4, 5]);
    expect((await third.ask('sendMessage', { recipientId: two.userId, content: 'x' })).data['sequence']).toBe(1);
    expect((await one.ask('sendMessage', { recipientId: third.userId, content: 'x' })).data['sequence']).toBe(1);
  });

  check('[CHAT-4][ORDER-1] many at once from both sides leave no hole and no double', async () => {
    const one = await bench.openSettled();
    const two = await bench.openSettled();
    const asked = [];
    for (let n = 0; n < 50; n += 1) {
      asked.push(one.answer(one.send('sendMessage', { recipientId: two.userId, content: `a${n}` })));
      asked.push(two.answer(two.send('sendMessage', { recipientId: one.userId, content: `b${n}` })));
    }
    const sequences = (await Promise.all(asked)).map((answer) => Number(answer.data['sequence']));
    expect(sequences.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    const heard = await two.takeMany('messageReceived', 50);
    const contents = heard.map((frame) => frame.data['content']);
    const all = Array.from({ length: 50 }, (_, n) => `a${n}`);
    if (bench.target.kind === 'serverless') {
      expect(contents.toSorted()).toEqual(all.toSorted());
      return;
    }
    expect(contents).toEqual(all);
    const places = heard.map((frame) => Number(frame.data['sequence']));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  check('[CHAT-5] content is 1 to 8,192 bytes of UTF-8', async () => {
    const sender = await bench.openSettled();
    const recipientId = bench.user();
    const fine = ['x', 'x'.repeat(8192), 'ä'.repeat(4096), '😀'.repeat(2048), ' '];
    for (const content of fine) {
      expect((await sender.ask('sendMessage', { recipientId, content })).type, `${content.length}`).toBe('messageSent');
    }
    const wrong = ['', 'x'.repeat(8193), 'ä'.repeat(4097), '😀'.repeat(2049), 7, null, {}, ['x']];
    for (const content of wrong) {
      const answer = await sender.ask('sendMessage', { recipientId, content });
      expect(answer, JSON.stringify(content).slice(0, 20)).toEqual(errorWith('VALIDATION_ERROR', 'data.content'));
    }
    expect((await sender.ask('sendMessage', { recipientId, content: 'x' })).data['sequence']).toBe(fine.length + 1);
  });

  check('[CHAT-5] content arrives as it was sent', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const contents = [
      '<script>alert("x")</script>',
      '&amp; \\ "\' / \u2028 \u0000 \u001b[31m',
      '👩‍👩‍👧 ä\u0308 \uffff',
      ' \n\t ',
    ];
    for (const content of contents) {
      await sender.ask('sendMessage', { recipientId: recipient.userId, content });
      expect((await recipient.take('messageReceived')).data['content']).toBe(content);
    }
  });

  check('[CHAT-6] a repeat with the same clientMessageId is the same message', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const sibling = await bench.openSettled({ user: sender.userId });
    const data = { recipientId: recipient.userId, content: 'once', clientMessageId: 'c-1' };
    const first = await sender.ask('sendMessage', data);
    for (const session of [sender, sibling, sender]) {
      const again = await session.ask('sendMessage', data);
      expect(again.data).toMatchObject({ messageId: first.data['messageId'], sequence: first.data['sequence'] });
    }
    expect((await sender.ask('sendMessage', { ...data, clientMessageId: 'c-2' })).data['sequence']).toBe(2);
    expect((await recipient.untilPong()).map((frame) => frame.data['sequence'])).toEqual([1, 2]);
    const other = await bench.openSettled();
    expect((await other.ask('sendMessage', data)).data['messageId']).not.toBe(first.data['messageId']);
  });

  check('[CHAT-6] repeats that come at once are the same message', async () => {
    const recipient = await bench.openSettled();
    const sender = await bench.openSettled();
    const sibling = await bench.openSettled({ user: sender.userId });
    const data = { recipientId: recipient.userId, content: 'once', clientMessageId: 'c-1' };
    const asked = [sender, sibling, sender, sibling].map((session) =>
      session.answer(session.send('sendMessage', data)),
    );
    const ids = (await Promise.all(asked)).map((answer) => answer.data['messageId']);
    expect(new Set(ids).size).toBe(1);
    const marker = await sender.ask('sendMessage', { recipientId: recipient.userId, content: 'marker' });
    expect(marker.data['sequence']).toBe(2);
    const pushed = (await recipient.untilPong()).filter((frame) => frame.data['content'] === 'once');
    if (bench.target.kind === 'serverless') expect(pushed.every(({ data }) => data['messageId'] === ids[0])).toBe(true);
    else expect(pushed).toHaveLength(1);
  });

  check('[CHAT-7] a clientMessageId that was used for something else is refused', async () => {
    const sender = await bench.openSettled();
    const data = { recipientId: bench.user(), content: 'once', clientMessageId: 'c-1' };
    await sender.ask('sendMessage', data);
    for (const change of [{ content: 'twice' }, { recipientId: bench.user() }, { type: 'image' }]) {
      expect(await sender.ask('sendMessage', { ...data, ...change })).toEqual(
        errorWith('VALIDATION_ERROR', 'data.clientMessageId'),
      );
    }
    expect((await sender.ask('sendMessage', data)).data['sequence']).toBe(1);
    for (const clientMessageId of ['', 'x'.repeat(129), 'a\nb', 7, null]) {
      expect(await sender.ask('sendMessage', { ...data, clientMessageId })).toEqual(
        errorWith('VALIDATION_ERROR', 'data.clientMessageId'),
      );
    }
  });

  check('[CHAT-8] a room is a MESSAGE_ERROR', async () => {
    const sender = await bench.openSettled();
    for (const recipientId of ['room:lobby', 'room:']) {
      expect(await sender.ask('sendMessage', { recipientId, content: 'x' })).toEqual(errorWith('MESSAGE_ERROR'));
    }
    expect((await sender.ask('sendMessage', { recipientId: 'rooms', content: 'x' })).type).toBe('messageSent');
  });
});
