import { expect } from 'vitest';
import type { Bench, OpenOptions } from '../bench.js';
import { errorWith, refusalOf } from '../expectations.js';
import { closePayload, opcodes } from '../frame-codec.js';
import { poll } from '../poll.js';
import { onTargets } from '../suite.js';

const limits = {
  AIDEALS_MAX_CONNECTIONS: '12',
  AIDEALS_MAX_CONNECTIONS_PER_USER: '2',
  AIDEALS_MAX_SUBSCRIPTIONS: '2',
  AIDEALS_MAILBOX_MAX: '3',
};

/** Takes the place that was given up: at once where there is one node; where there are several, or none, when it is known. */
const freed = async (bench: Bench, options: OpenOptions = {}): Promise<void> => {
  if (bench.target.nodes === 1 && bench.target.kind === 'self-hosted') await bench.openSettled(options);
  else await poll(async () => ((await bench.dial(options)).open ? true : undefined), 'the place to be free');
};

onTargets('Small limits', { env: limits }, (bench, check) => {
  check(
    '[CONN-13][CONN-3] a connect past AIDEALS_MAX_CONNECTIONS is 503 with Retry-After, until one closes',
    async () => {
      // Each node has room for so many, and a load balancer gives each as many as the others; the workers of one server share theirs.
      const room = bench.target.isEmbedded ? 12 : 12 * bench.target.nodes;
      const first = await bench.open();
      for (let n = 1; n < room; n += 1) await bench.open();
      const refused = refusalOf(await bench.dial());
      expect(refused.status).toBe(503);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.json).toEqual(errorWith('CONNECTION_ERROR'));
      if (bench.target.kind === 'self-hosted') {
        const plain = await bench.server.call('GET', `/ws?token=${bench.token(bench.user())}`);
        expect(plain.status).toBe(503);
        expect(plain.headers['retry-after']).toBe(refused.headers['retry-after']);
      }
      first.raw.send({ opcode: opcodes.close, payload: closePayload(1000) });
      await first.closing();
      await freed(bench);
    },
  );

  check('[LIMIT-8][CONN-3] one past AIDEALS_MAX_CONNECTIONS_PER_USER is 429, until one closes', async () => {
    const user = bench.user();
    const first = await bench.open({ user });
    await bench.open({ user });
    const refused = await bench.dial({ user });
    expect(refused.head.status).toBe(429);
    expect(Number(refused.head.headers['retry-after'])).toBeGreaterThan(0);
    if (!refused.open) expect(JSON.parse(refused.body)).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
    if (bench.target.kind === 'self-hosted') {
      expect((await bench.server.call('GET', `/ws?token=${bench.token(user)}`)).status).toBe(429);
    }
    await bench.open();
    await first.close();
    await freed(bench, { user });
    expect((await bench.dial({ user })).head.status).toBe(429);
  });

  check('[LIMIT-8][CONN-8] a take-over needs no place', async () => {
    const user = bench.user();
    await bench.open({ user });
    const older = await bench.open({ user, client: 'tab' });
    const newer = await bench.open({ user, client: 'tab' });
    expect(await older.closing()).toMatchObject({ code: 4010 });
    expect((await newer.ask('ping')).type).toBe('pong');
  });

  check('[LIMIT-8] dials that race for the last place get it once', async () => {
    const user = bench.user();
    const heads = (await Promise.all(Array.from({ length: 8 }, () => bench.dial({ user })))).map(
      ({ head }) => head.status,
    );
    expect(heads.filter((status) => status === 101)).toHaveLength(2);
    expect(heads.filter((status) => status === 429)).toHaveLength(6);
  });

  check('[SUB-5] AIDEALS_MAX_SUBSCRIPTIONS sets the limit for each connection', async () => {
    const session = await bench.openSettled();
    for (let n = 0; n < 2; n += 1) await session.ask('subscribeToDeals', { topic: bench.topic() });
    expect(await session.ask('subscribeToDeals', { topic: bench.topic() })).toEqual(errorWith('SUBSCRIPTION_ERROR'));
    const other = await bench.openSettled({ user: session.userId });
    expect((await other.ask('subscribeToDeals', { topic: bench.topic() })).type).toBe('subscriptionConfirmed');
  });

  check('[CHAT-9] a full mailbox is a MESSAGE_ERROR, and an acknowledgement makes room', async () => {
    const recipient = bench.user();
    const sender = await bench.openSettled();
    const send = () => sender.ask('sendMessage', { recipientId: recipient, content: 'x' });
    await send();
    const notificationId = await bench.notify(recipient);
    await send();
    expect(await send()).toEqual(errorWith('MESSAGE_ERROR'));
    const refused = await bench.call('POST', '/v1/notifications', {
      body: { userId: recipient, title: 'a', message: 'b' },
    });
    expect(refused.status).toBe(400);
    expect(refused.json).toEqual(errorWith('MESSAGE_ERROR'));
    const reader = await bench.open({ user: recipient });
    expect(
      await reader.takeMany((frame) => frame.type === 'messageReceived' || frame.type === 'notification', 3),
    ).toHaveLength(3);
    expect(await send()).toEqual(errorWith('MESSAGE_ERROR'));
    await reader.ask('notificationAck', { notificationId });
    expect((await send()).data['sequence']).toBe(3);
    expect(await send()).toEqual(errorWith('MESSAGE_ERROR'));
    expect((await sender.ask('sendMessage', { recipientId: bench.user(), content: 'x' })).type).toBe('messageSent');
  });

  check('[CHAT-9] a repeat of what is stored is answered, also where the mailbox is full', async () => {
    const recipientId = bench.user();
    const sender = await bench.openSettled();
    const first = { recipientId, content: 'x', clientMessageId: 'first' };
    const sent = await sender.ask('sendMessage', first);
    for (let n = 0; n < 2; n += 1) await sender.ask('sendMessage', { recipientId, content: 'y' });
    expect(await sender.ask('sendMessage', { recipientId, content: 'z', clientMessageId: 'fourth' })).toEqual(
      errorWith('MESSAGE_ERROR'),
    );
    expect((await sender.ask('sendMessage', first)).data['messageId']).toBe(sent.data['messageId']);
  });
});
