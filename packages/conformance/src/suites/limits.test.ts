import { expect } from 'vitest';
import { opcodes } from '../frame-codec.js';
import type { Session } from '../session.js';
import { errorWith, onTargets, str } from '../suite.js';

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
      const got = await session.untilPong();
      expect(got.filter((frame) => frame.type === 'messageReceived').map((frame) => frame.data['content'])).toEqual([
        'mine',
      ]);
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

/** Sends so many frames at once, and gives how many were taken and the refusals. */
const burst = async (session: Session, count: number, frame: object) => {
  const payload = JSON.stringify({ ...frame, requestId: 'burst' });
  session.raw.send(...Array.from({ length: count }, () => ({ opcode: opcodes.text, payload })));
  const answers = await session.takeMany((one) => one.requestId === 'burst', count);
  const refused = answers.filter((answer) => answer.type === 'error');
  return { taken: answers.length - refused.length, refused, answers };
};

/** A bucket of `size` refills while the burst is on its way: a few more may pass on a slow machine. */
const expectBucket = (got: { taken: number; refused: readonly object[] }, size: number) => {
  expect(got.taken).toBeGreaterThanOrEqual(size);
  expect(got.taken).toBeLessThanOrEqual(size + 10);
  for (const error of got.refused) {
    expect(error).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
    const { retryAfter } = (error as { data: { details: { retryAfter: number } } }).data.details;
    expect(Number.isInteger(retryAfter)).toBe(true);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  }
};

const limited = { AIDEALS_RATE_LIMIT: undefined, AIDEALS_TRUSTED_PROXIES: '127.0.0.1', AIDEALS_RATE_PUBLISH: '5' };

onTargets('Token buckets', { env: limited }, (bench, check) => {
  check('[LIMIT-5] sendMessage 60 a minute, over all connections of a user, and the other classes go on', async () => {
    const session = await bench.openSettled();
    const sibling = await bench.openSettled({ user: session.userId });
    const frame = { action: 'sendMessage', data: { recipientId: bench.user(), content: 'x' } };
    expectBucket(await burst(session, 80, frame), 60);
    expect(await sibling.ask(frame.action, frame.data)).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
    expect((await session.ask('ping')).type).toBe('pong');
    expect((await session.ask('subscribeToDeals', { topic: bench.topic() })).type).toBe('subscriptionConfirmed');
    const other = await bench.openSettled();
    expect((await other.ask(frame.action, frame.data)).type).toBe('messageSent');
  });

  check('[LIMIT-5] subscribe and unsubscribe 60 a minute together', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const one = await burst(session, 30, { action: 'subscribeToDeals', data: { topic } });
    expect(one.refused).toEqual([]);
    expectBucket(await burst(session, 50, { action: 'unsubscribeFromDeals', data: { topic } }), 30);
    expect((await session.ask('ping')).type).toBe('pong');
  });

  check('[LIMIT-5] all others 240 a minute together, unknown actions and what is no frame too', async () => {
    const session = await bench.openSettled();
    const one = await burst(session, 100, { action: 'ping' });
    expect(one.refused).toEqual([]);
    const status = await burst(session, 100, { action: 'getStatus' });
    expect(status.refused).toEqual([]);
    const unknown = await burst(session, 80, { action: 'nothing' });
    const limited = unknown.refused.filter((answer) => answer.data['code'] === 'RATE_LIMIT_EXCEEDED');
    expect(limited.length).toBeGreaterThanOrEqual(25);
    expect(limited.length).toBeLessThanOrEqual(41);
    expect(await session.ask('ping')).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
  });

  check(
    '[LIMIT-7][CLOSE-13] who goes on for another minute’s worth of refused frames is closed with 4029',
    async () => {
      const session = await bench.openSettled();
      const payload = JSON.stringify({ action: 'sendMessage', data: { recipientId: bench.user(), content: 'x' } });
      session.raw.send(...Array.from({ length: 300 }, () => ({ opcode: opcodes.text, payload })));
      expect(await session.closing()).toMatchObject({ code: 4029 });
      const refused = session.inbox.filter((frame) => frame.type === 'error');
      expect(refused.length).toBeGreaterThanOrEqual(59);
      expect(refused.length).toBeLessThanOrEqual(75);
      expect(refused.at(-1)?.data).toMatchObject({
        code: 'RATE_LIMIT_EXCEEDED',
        details: { retryAfter: expect.any(Number) },
      });
    },
  );

  check('[LIMIT-12] publishes past AIDEALS_RATE_PUBLISH are 429 for their caller', async () => {
    const topic = bench.topic();
    const reader = await bench.openSettled();
    await reader.ask('subscribeToDeals', { topic });
    const publish = (caller: string) =>
      bench.call('POST', '/v1/broadcast', {
        body: { topic, data: {} },
        token: bench.token(caller, { scope: 'publish' }),
      });
    const caller = bench.user();
    const answers = [];
    for (let n = 0; n < 10; n += 1) answers.push(await publish(caller));
    const taken = answers.filter(({ status }) => status === 200).length;
    expect(taken).toBeGreaterThanOrEqual(5);
    expect(taken).toBeLessThanOrEqual(7);
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
    expect(last?.json).toMatchObject({
      type: 'error',
      data: { code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter: expect.any(Number) } },
    });
    expect((await publish(bench.user())).status).toBe(200);
    expect(await reader.untilPong()).toHaveLength(taken + 1);
  });

  check('[LIMIT-6] connect 60 a minute for a user', async () => {
    const user = bench.user();
    let opened = 0;
    for (; opened < 90; opened += 1) {
      const dialled = await bench.dial({ user });
      if (!dialled.open) {
        expect(dialled.head.status).toBe(429);
        expect(Number(dialled.head.headers['retry-after'])).toBeGreaterThan(0);
        expect(JSON.parse(dialled.body)).toMatchObject({
          data: { code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter: expect.any(Number) } },
        });
        break;
      }
      await dialled.client.close();
    }
    expect(opened).toBeGreaterThanOrEqual(60);
    expect(opened).toBeLessThanOrEqual(75);
    await bench.open();
  });

  check(
    '[LIMIT-6] and 600 for an address, whoever they say they are',
    async () => {
      const headers = { 'X-Forwarded-For': '203.0.113.50' };
      const dialOnce = async () => {
        const dialled = await bench.dial({ headers });
        if (dialled.open) {
          dialled.client.destroy();
          await dialled.client.closed;
        }
        return dialled.head;
      };
      let opened = 0;
      let refused: Awaited<ReturnType<typeof dialOnce>> | undefined;
      while (opened < 1000 && refused === undefined) {
        const heads = await Promise.all(Array.from({ length: 20 }, dialOnce));
        opened += heads.filter((head) => head.status === 101).length;
        refused = heads.find((head) => head.status !== 101);
      }
      expect(refused?.status).toBe(429);
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
      expect(opened).toBeGreaterThanOrEqual(600);
      expect(opened).toBeLessThanOrEqual(760);
      expect((await bench.dial({ headers: { 'X-Forwarded-For': '203.0.113.51' } })).open).toBe(true);
    },
    30_000,
  );
});

onTargets('Connections of a user', { env: { AIDEALS_MAX_CONNECTIONS_PER_USER: '2' } }, (bench, check) => {
  check('[LIMIT-8] one past AIDEALS_MAX_CONNECTIONS_PER_USER is 429, until one closes', async () => {
    const user = bench.user();
    const first = await bench.open({ user });
    await bench.open({ user });
    const refused = await bench.dial({ user });
    expect(refused.head.status).toBe(429);
    expect(Number(refused.head.headers['retry-after'])).toBeGreaterThan(0);
    if (!refused.open) expect(JSON.parse(refused.body)).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
    await bench.open();
    await first.close();
    await bench.openSettled({ user });
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
});
