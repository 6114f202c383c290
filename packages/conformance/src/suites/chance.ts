import { actions, type Json, type JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import { receivers } from '../expectations.js';
import { poll } from '../poll.js';
import { random } from '../resuming-reader.js';
import { onTargets } from '../suite.js';

type Next = (below: number) => number;

const pick = <T>(next: Next, from: readonly T[]): T => from[next(from.length)] as T;

const fields = [
  'topic',
  'filters',
  'lastEventId',
  'subscriptionId',
  'recipientId',
  'content',
  'type',
  'clientMessageId',
  'notificationId',
  'messageId',
  'token',
  'data',
  'userId',
  'userIds',
  'title',
  'message',
  'messageType',
  'expiresAt',
  'minPrice',
  'keywords',
  'constructor',
  'toString',
  'length',
  '',
  'x',
];

/** Any JSON, shallow and small, with the names and values that the contracts know among it. */
const anything = (next: Next, depth = 3): Json => {
  const kind = next(depth > 0 ? 9 : 6);
  if (kind === 0) return null;
  if (kind === 1) return next(2) === 0;
  if (kind === 2) return pick(next, [0, -1, 1.5, 1e308, -0, 2 ** 53, 20]);
  if (kind <= 4)
    return pick(next, ['', 'a', 'all-deals', 'text', 'read', 'x-1', '\u0000', '😀', 'a b', 'x'.repeat(200)]);
  if (kind === 5) return String(next(1000));
  if (kind === 6) return Array.from({ length: next(4) }, () => anything(next, depth - 1));
  return someObject(next, depth - 1);
};

const someObject = (next: Next, depth = 3): JsonObject =>
  Object.fromEntries(Array.from({ length: next(5) }, () => [pick(next, fields), anything(next, depth)]));

const names = [...Object.keys(actions), 'nothing', 'constructor', '$default'];

onTargets('Input at random', {}, (bench, check) => {
  check('[STOP-3][ENV-1][ERR-6] any frame has exactly one answer, and none is a fault of the server', async () => {
    for (const seed of [1, 2, 3]) {
      const next = random(seed);
      const session = await bench.openSettled();
      const frames = Array.from({ length: 400 }, (_, n) => ({
        ...(next(10) === 0 ? someObject(next) : {}),
        action: next(20) === 0 ? anything(next) : pick(next, names),
        ...(next(10) === 0 ? {} : { data: next(10) === 0 ? anything(next) : someObject(next) }),
        requestId: `${n}`,
      }));
      session.raw.send(...frames.map((frame) => ({ opcode: 1, payload: JSON.stringify(frame) })));
      const answers = await session.takeMany((frame) => frame.requestId !== undefined, frames.length);
      const inOrder = answers.map(({ requestId }) => requestId);
      if (bench.target.kind === 'serverless') inOrder.sort((a, b) => Number(a) - Number(b));
      expect(inOrder).toEqual(frames.map(({ requestId }) => requestId));
      const faults = answers.filter(({ data }) => data['code'] === 'INTERNAL_ERROR');
      expect(
        faults.map(({ requestId }) => frames[Number(requestId)]),
        `seed ${seed}`,
      ).toEqual([]);
      await session.close();
    }
  });

  check('[STOP-3][ERR-1] any body is taken or refused, and none is a fault of the server', async () => {
    const next = random(4);
    const topic = bench.topic();
    for (let n = 0; n < 200; n += 1) {
      const whole = next(6) === 0;
      const body: Json = whole
        ? anything(next)
        : {
            data: someObject(next),
            topic,
            ...(next(2) === 0 ? someObject(next) : {}),
            ...(next(3) === 0 ? { filters: someObject(next) } : {}),
          };
      for (const path of ['/v1/broadcast', '/v1/notifications']) {
        const answer = await bench.call('POST', path, { body: JSON.stringify(body) });
        expect([200, 400], `${path} ${JSON.stringify(body)}: ${answer.status}`).toContain(answer.status);
        if (answer.status === 400)
          expect(answer.json).toMatchObject({ type: 'error', data: { message: expect.any(String) } });
      }
    }
    await bench.openSettled();
  });

  check('[SUB-6][STOP-3] connections that break while events pour in leave no ghost', async () => {
    const topic = bench.topic();
    const user = bench.user();
    let broken = false;
    const pouring = (async () => {
      while (!broken) await bench.publishMany(Array.from({ length: 5 }, (_, n) => ({ topic, data: { n } })));
    })();
    for (let round = 0; round < 5; round += 1) {
      const sessions = await Promise.all(Array.from({ length: 8 }, () => bench.open({ user })));
      await Promise.all(sessions.map((session) => session.ask('subscribeToDeals', { topic })));
      for (const session of sessions) session.raw.destroy();
      await Promise.all(sessions.map((session) => session.raw.closed));
    }
    broken = true;
    await pouring;
    const last = await bench.openSettled({ user });
    await last.ask('subscribeToDeals', { topic });
    const reached = () => bench.publish(topic, { n: 'last' });
    // The last of them may have left without its end being handled yet.
    const total = async (): Promise<boolean | undefined> => (await reached()).total === 1 || undefined;
    if (bench.target.kind === 'serverless') await poll(total, 'an end of all others');
    expect(await reached()).toMatchObject(receivers(bench, 1));
    const listed = await bench.call('GET', `/v1/connections?userId=${user}`);
    expect((listed.json as { items: unknown[] }).items).toHaveLength(1);
  });
});
