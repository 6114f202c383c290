import type { ServerFrame } from '@aideals/protocol';
import { expect } from 'vitest';
import { errorWith } from '../expectations.js';
import { opcodes } from '../frame-codec.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';

/** Whole seconds, for what a bucket gets meanwhile. */
const since = (began: number): number => Math.ceil((performance.now() - began) / 1000);

/** Sends so many frames at once, and gives how many were taken and the refusals. */
const burst = async (session: Session, count: number, frame: object) => {
  const began = performance.now();
  const payload = JSON.stringify({ ...frame, requestId: 'burst' });
  session.raw.send(...Array.from({ length: count }, () => ({ opcode: opcodes.text, payload })));
  const answers = await session.takeMany((one) => one.requestId === 'burst', count);
  const refused = answers.filter((answer) => answer.type === 'error');
  return { taken: answers.length - refused.length, refused, answers, seconds: since(began) };
};

/** A bucket of `size` refills while the burst is on its way: a few more may pass on a slow machine. */
const expectBucket = (got: { taken: number; refused: readonly object[]; seconds: number }, size: number) => {
  expect(got.taken).toBeGreaterThanOrEqual(size);
  expect(got.taken).toBeLessThanOrEqual(size + 10 + got.seconds);
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
    // A bucket of its own would take them all; this one has got a few more meanwhile.
    const shared = await burst(sibling, 30, frame);
    expect(shared.refused.length).toBeGreaterThan(10);
    for (const error of shared.refused) expect(error).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
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
    const began = performance.now();
    const one = await burst(session, 100, { action: 'ping' });
    expect(one.refused).toEqual([]);
    const status = await burst(session, 100, { action: 'getStatus' });
    expect(status.refused).toEqual([]);
    const isLimited = (answer: ServerFrame): boolean => answer.data['code'] === 'RATE_LIMIT_EXCEEDED';
    const limited: ServerFrame[] = [];
    let sent = 200;
    // Four a second come back meanwhile: a slow deployment is asked more before it has to refuse.
    do {
      limited.push(...(await burst(session, 80, { action: 'nothing' })).refused.filter(isLimited));
      sent += 80;
    } while (limited.length === 0 && sent < 1_000);
    const past = sent - 240;
    expect(limited.length).toBeGreaterThanOrEqual(Math.max(1, past - 4 * since(began)));
    expect(limited.length).toBeLessThanOrEqual(past + 1);
    if (limited.length > 25) expect((await burst(session, 30, { action: 'ping' })).refused.length).toBeGreaterThan(0);
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
    const began = performance.now();
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
    expect(opened).toBeLessThanOrEqual(60 + since(began) + 5);
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
      const began = performance.now();
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
      expect(opened).toBeLessThanOrEqual(600 + 10 * since(began) + 50);
      expect((await bench.dial({ headers: { 'X-Forwarded-For': '203.0.113.51' } })).open).toBe(true);
    },
    60_000,
  );
});
