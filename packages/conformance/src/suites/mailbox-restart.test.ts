import { expect } from 'vitest';
import { ack, contents, sendAll } from '../chatting.js';
import { onTargets } from '../suite.js';

onTargets('The mailbox across a restart', { env: {} }, (bench, check) => {
  check('[MAIL-1][CHAT-6] what was confirmed survives a kill, and a repeat is still known', async () => {
    const user = bench.user();
    const sender = await bench.openSettled();
    const data = { recipientId: user, content: 'kept', clientMessageId: 'c-1' };
    const sent = await sender.ask('sendMessage', data);
    const notificationId = await bench.notify(user);
    const names = Array.from({ length: 40 }, (_, n) => `n${n}`);
    await sendAll(bench, sender, user, names);
    await bench.restart('SIGKILL');
    const back = await bench.openSettled({ user: sender.userId });
    expect((await back.ask('sendMessage', data)).data).toMatchObject({
      messageId: sent.data['messageId'],
      sequence: sent.data['sequence'],
    });
    expect((await back.ask('sendMessage', { recipientId: user, content: 'next' })).data['sequence']).toBe(42);
    const reader = await bench.open({ user });
    expect(await contents(reader, 42)).toEqual(['kept', ...names, 'next']);
    expect((await reader.take('notification')).data['notificationId']).toBe(notificationId);
  });

  check('[MAIL-2] an acknowledgement survives a kill', async () => {
    const reader = await bench.openSettled();
    const sender = await bench.openSettled();
    const [first = ''] = await sendAll(bench, sender, reader.userId, ['one', 'two']);
    await ack(reader, first);
    await bench.restart('SIGKILL');
    const again = await bench.open({ user: reader.userId });
    expect(await contents(again, 1)).toEqual(['two']);
  });
});
