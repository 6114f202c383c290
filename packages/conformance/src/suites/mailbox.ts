import type { ServerFrame } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { ack, contents, sendAll } from '../chatting.js';
import { str } from '../expectations.js';
import { poll } from '../poll.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

onTargets('The mailbox', {}, (bench, check) => {
  check('[MAIL-2] messages wait, and come at each connect until one acknowledgement', async () => {
    const user = bench.user();
    const sender = await bench.openSettled();
    const [first = '', second = ''] = await sendAll(bench, sender, user, ['one', 'two', 'three']);
    const reader = await bench.open({ user });
    expect(await contents(reader, 3)).toEqual(['one', 'two', 'three']);
    const other = await bench.open({ user });
    expect(await contents(other, 3)).toEqual(['one', 'two', 'three']);
    await ack(reader, first);
    await ack(other, second, 'received');
    await reader.close();
    await other.close();
    const later = await bench.open({ user });
    expect(await contents(later, 1)).toEqual(['three']);
    await ack(later, str(await sendAndTake(bench, later), 'messageId'));
    expect(await later.untilPong()).toEqual([]);
  });

  check('[MAIL-2][PUSH-2] notifications wait, and come at each connect until one acknowledgement', async () => {
    const user = bench.user();
    const first = await bench.notify(user, { title: 'one' });
    const second = await bench.notify(user, { title: 'two', data: { a: [1, null] } });
    const readers = [await bench.open({ user }), await bench.open({ user })];
    for (const reader of readers) {
      const notices = await reader.takeMany('notification', 2);
      expect(notices.map((frame) => frame.data['notificationId'])).toEqual([first, second]);
      expect(notices.map((frame) => frame.data['data'])).toEqual([{}, { a: [1, null] }]);
    }
    await readers[0]?.ask('notificationAck', { notificationId: first });
    const later = await bench.open({ user });
    expect((await later.take('notification')).data['notificationId']).toBe(second);
    const third = await bench.notify(user, { title: 'three' });
    expect((await later.take('notification')).data['notificationId']).toBe(third);
  });

  check('[MAIL-2] what came live waits as well, until it is acknowledged', async () => {
    const reader = await bench.openSettled();
    const sender = await bench.openSettled();
    await sendAll(bench, sender, reader.userId, ['live']);
    expect(await contents(reader, 1)).toEqual(['live']);
    await reader.close();
    const again = await bench.open({ user: reader.userId });
    expect(await contents(again, 1)).toEqual(['live']);
  });

  check('[MAIL-2] the sender’s own copies are not handed over', async () => {
    const sender = await bench.openSettled();
    await sendAll(bench, sender, bench.user(), ['mine']);
    const notificationId = await bench.notify(sender.userId);
    const sibling = await bench.open({ user: sender.userId });
    await sibling.take('notification');
    // What is handed over may come again where an event of AWS is repeated: ids tell.
    const isKnown = (frame: ServerFrame): boolean => frame.data['notificationId'] === notificationId;
    const rest = await sibling.untilPong();
    expect(bench.target.kind === 'serverless' ? rest.filter((frame) => !isKnown(frame)) : rest).toEqual([]);
  });

  check('[MAIL-3] a long hand-over is in order and whole, with messages that are sent meanwhile', async () => {
    const user = bench.user();
    const sender = await bench.openSettled();
    const waiting = Array.from({ length: 350 }, (_, n) => `w${n}`);
    await sendAll(bench, sender, user, waiting);
    const [reader] = await Promise.all([bench.open({ user }), sendAll(bench, sender, user, ['m0', 'm1', 'm2'])]);
    const later = await sendAll(bench, sender, user, ['l0', 'l1']);
    expect(later).toHaveLength(2);
    const all = [...waiting, 'm0', 'm1', 'm2', 'l0', 'l1'];
    const got: unknown[] = [];
    const seen = new Set<unknown>();
    while (seen.size < all.length) {
      const frame = await reader.take('messageReceived');
      if (!seen.has(frame.data['messageId'])) got.push(frame.data['content']);
      seen.add(frame.data['messageId']);
    }
    expect(got).toEqual(all);
  });

  check('[MAIL-3] readers who come and go while messages are sent lose none', async () => {
    const user = bench.user();
    const sender = await bench.openSettled();
    const got = new Set<unknown>();
    const sending = (async () => {
      for (let n = 0; n < 60; n += 1) await sender.ask('sendMessage', { recipientId: user, content: `n${n}` });
    })();
    const all = Array.from({ length: 60 }, (_, n) => `n${n}`);
    for (let round = 0; got.size < all.length; round += 1) {
      const reader = await bench.open({ user });
      const want = Math.min(all.length - got.size, 1 + (round % 7));
      for (let n = 0; n < want; n += 1) {
        const frame = await reader.take((one) => one.type === 'messageReceived' && !got.has(one.data['content']));
        got.add(frame.data['content']);
        reader.send('notificationAck', { messageId: str(frame, 'messageId') });
      }
      if (round % 2 === 0) await reader.close();
      else reader.raw.destroy();
    }
    await sending;
    expect([...got].toSorted()).toEqual(all.toSorted());
  });

  check('[MAIL-4] a notification that has expired is not handed over', async () => {
    const user = bench.user();
    await bench.notify(user, { title: 'short', expiresAt: nowSeconds() + 2 });
    await bench.notify(user, { title: 'kept', expiresAt: nowSeconds() + 3600 });
    const first = async () => {
      const reader = await bench.open({ user });
      const { title } = (await reader.take('notification')).data;
      await reader.close();
      return title;
    };
    expect(await first()).toBe('short');
    await poll(async () => ((await first()) === 'kept' ? true : undefined), 'the first one to expire');
  });
});

const sendAndTake = async (bench: Bench, reader: Session) => {
  const sender = await bench.open();
  await sender.ask('sendMessage', { recipientId: reader.userId, content: 'marker' });
  return reader.take('messageReceived');
};
