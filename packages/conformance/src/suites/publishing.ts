import { actions, pushes } from '@aideals/protocol';
import { expect } from 'vitest';
import { broadcast, errorWith, httpError, offsetOf, receivers, str } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

onTargets('Publishing', {}, (bench, check) => {
  check('[HTTP-8][PUSH-1] a broadcast is confirmed with its id and arrives as it was sent', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const data = {
      dealId: 'd',
      title: '<b>ä😀</b> \u2028',
      price: 12.5,
      tags: ['a', 1, null, true],
      deep: { a: [{}] },
      no: null,
      big: 1e21,
    };
    const answer = await broadcast(bench, { topic, data });
    expect(answer).toMatchObject({ status: 200, json: { broadcast: 'success', ...receivers(bench, 1) } });
    expect(await session.take('dealUpdate')).toEqual({
      type: 'dealUpdate',
      topic,
      id: (answer.json as { id: string }).id,
      data,
      timestamp: expect.any(Number),
    });
  });

  check('[PUSH-4] an event carries the attributes that the publisher laid over its data', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic, filters: { minDiscount: 20 } });
    const filters = { discount: 25, brand: null, tags: ['a', 1] };
    await broadcast(bench, { topic, data: { n: 1 }, filters });
    await broadcast(bench, { topic, data: { n: 2, discount: 30 } });
    expect(await session.take('dealUpdate')).toMatchObject({ data: { n: 1 }, filters });
    expect(await session.take('dealUpdate')).not.toHaveProperty('filters');
  });

  check('[HTTP-8] what is left out has its default: dealUpdate on all-deals', async () => {
    const session = await bench.openSettled();
    await session.ask('subscribeToDeals', {});
    await broadcast(bench, { data: { n: 1 } });
    expect(await session.take('dealUpdate')).toMatchObject({ topic: 'all-deals', data: { n: 1 } });
    for (const body of [{}, { topic: 'a' }, { data: null }, { data: [] }, { data: 'x' }]) {
      expect((await broadcast(bench, body)).json, JSON.stringify(body)).toEqual(errorWith('VALIDATION_ERROR', 'data'));
    }
  });

  check('[HTTP-9] total counts the connections that match', async () => {
    const topic = bench.topic();
    const sessions = [];
    for (let n = 0; n < 4; n += 1) {
      const session = await bench.open();
      await session.ask('subscribeToDeals', { topic, filters: { minDiscount: n * 10 } });
      sessions.push(session);
    }
    expect(await bench.publish(topic, { discount: 15 })).toMatchObject(receivers(bench, 2));
    expect(await bench.publish(topic, { discount: 40 })).toMatchObject(receivers(bench, 4));
    expect(await bench.publish(bench.topic(), {})).toMatchObject(receivers(bench, 0));
  });

  check('[HTTP-10] a list is answered as a list, with ids that follow one another', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const events = Array.from({ length: 1000 }, (_, n) => ({ topic, data: { n } }));
    const answers = await bench.publishMany(events);
    const start = offsetOf(answers[0]?.id);
    expect(answers.map(({ id }) => offsetOf(id))).toEqual(events.map((_, n) => start + n));
    for (const answer of answers) expect(answer).toMatchObject(receivers(bench, 1));
    expect((await session.untilPong()).map((frame) => frame.data['n'])).toEqual(events.map(({ data }) => data.n));
    const one = await bench.publishMany([{ topic, data: {} }]);
    expect(one).toHaveLength(1);
  });

  check('[HTTP-10] over 1,000 is refused, and one wrong event refuses all', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const before = await bench.publish(bench.topic(), {});
    const many = await broadcast(
      bench,
      Array.from({ length: 1001 }, () => ({ topic, data: {} })),
    );
    expect(many.status).toBe(400);
    expect(many.json).toEqual(errorWith('VALIDATION_ERROR'));
    const wrong = await broadcast(bench, [
      { topic, data: {} },
      { topic, data: {} },
      { topic, data: 7 },
    ]);
    expect(wrong.json).toEqual(errorWith('VALIDATION_ERROR', '2.data'));
    expect(offsetOf((await bench.publish(bench.topic(), {})).id)).toBe(offsetOf(before.id) + 1);
    expect(await session.untilPong()).toEqual([]);
  });

  check('[HTTP-11] messageType is a name of its own, and none of the server’s', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    for (const messageType of ['dealUpdate', 'priceUpdate', 'dealGone', 'a', `z${'9'.repeat(63)}`]) {
      const { id } = await bench.publish(topic, { productId: 'p', price: 1 }, { messageType });
      expect(await session.take(messageType)).toMatchObject({ type: messageType, id, topic });
    }
    const replies = Object.values(actions).flatMap((action) => Object.keys(action.replies));
    const pushed = Object.keys(pushes).filter((type) => type !== 'dealUpdate' && type !== 'priceUpdate');
    const malformed = ['', 'Deal', '9a', 'a-b', 'a b', '_a', 'ä', `z${'9'.repeat(64)}`, '__proto__', 7, null];
    for (const messageType of [...replies, ...pushed, 'error', ...malformed]) {
      const answer = await broadcast(bench, { topic, data: {}, messageType });
      expect(answer.status, String(messageType)).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR', 'messageType'));
    }
    expect(await session.untilPong()).toEqual([]);
  });

  check('[HTTP-12] filters of a broadcast are attributes', async () => {
    const fine = [{}, { a: 'x', b: 1, c: true, d: null, e: ['x', 1, false] }];
    for (const filters of fine) expect((await broadcast(bench, { data: {}, filters })).status).toBe(200);
    for (const filters of [null, [], 'x', { a: {} }, { a: [[1]] }, { a: [{}] }]) {
      const answer = await broadcast(bench, { data: {}, filters });
      expect(answer.status, JSON.stringify(filters)).toBe(400);
      expect(answer.text).toContain('"path":"filters');
    }
  });

  check('[LIMIT-2] an event whose frame would pass 131,072 bytes is 413, and its list with it', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const before = await bench.publish(bench.topic(), {});
    for (const pad of ['x'.repeat(131_072), 'x'.repeat(131_000), 'ä'.repeat(65_500), '"'.repeat(66_000)]) {
      const answer = await broadcast(bench, { topic, data: { pad } });
      expect(answer.status, `${pad.length}`).toBe(413);
      expect(answer.json).toMatchObject(httpError);
    }
    const list = await broadcast(bench, [
      { topic, data: {} },
      { topic, data: { pad: 'x'.repeat(131_072) } },
    ]);
    expect(list.status).toBe(413);
    const after = await bench.publish(topic, { pad: 'x'.repeat(130_000) });
    expect(offsetOf(after.id)).toBe(offsetOf(before.id) + 1);
    expect((await session.untilPong()).map((frame) => frame.id)).toEqual([after.id]);
  });

  check('[LIMIT-2] a notification whose frame would is 413 too', async () => {
    const reader = await bench.openSettled();
    const body = { userId: reader.userId, title: 'a', message: 'b', data: { pad: 'x'.repeat(131_072) } };
    expect((await bench.call('POST', '/v1/notifications', { body })).status).toBe(413);
    expect(await reader.untilPong()).toEqual([]);
  });

  check('[HTTP-13][PUSH-2] a notification reaches each user, and has an id for each', async () => {
    const one = await bench.openSettled();
    const second = await bench.openSettled({ user: one.userId });
    const other = await bench.openSettled();
    const away = bench.user();
    const body = {
      userIds: [other.userId, away, one.userId],
      title: 'Price <drop>',
      message: 'now',
      data: { a: [null] },
    };
    const answer = await bench.call('POST', '/v1/notifications', { body });
    expect(answer.status, answer.text).toBe(200);
    const { notificationIds: ids } = answer.json as { notificationIds: string[] };
    expect(new Set(ids).size).toBe(3);
    for (const [session, id] of [
      [one, ids[2]],
      [second, ids[2]],
      [other, ids[0]],
    ] as const) {
      expect((await session.take('notification')).data).toEqual({
        notificationId: id,
        title: 'Price <drop>',
        message: 'now',
        data: { a: [null] },
        timestamp: expect.any(Number),
      });
      expect(await session.untilPong()).toEqual([]);
    }
    const later = await bench.open({ user: away });
    expect(str(await later.take('notification'), 'notificationId')).toBe(ids[1]);
  });

  check('[HTTP-13] exactly one of userId and userIds, a title and a message are given', async () => {
    const fine = { userId: bench.user(), title: 'a', message: 'b' };
    const wrong: [object, string][] = [
      [{ title: 'a', message: 'b' }, 'userId'],
      [{ ...fine, userIds: ['a'] }, 'userId'],
      [{ ...fine, userId: undefined, userIds: [] }, 'userIds'],
      [{ ...fine, userId: undefined, userIds: Array.from({ length: 1001 }, (_, n) => `u${n}`) }, 'userIds'],
      [{ ...fine, userId: undefined, userIds: ['a', ''] }, 'userIds.1'],
      [{ ...fine, title: '' }, 'title'],
      [{ ...fine, title: undefined }, 'title'],
      [{ ...fine, message: 7 }, 'message'],
      [{ ...fine, data: [] }, 'data'],
      [{ ...fine, expiresAt: 'soon' }, 'expiresAt'],
      [{ ...fine, expiresAt: 1.5 }, 'expiresAt'],
      [{ ...fine, expiresAt: nowSeconds() - 5 }, 'expiresAt'],
    ];
    for (const [body, path] of wrong) {
      const answer = await bench.call('POST', '/v1/notifications', { body });
      expect(answer.status, JSON.stringify(body).slice(0, 80)).toBe(400);
      expect(answer.json, JSON.stringify(body).slice(0, 80)).toEqual(errorWith('VALIDATION_ERROR', path));
    }
  });
});
