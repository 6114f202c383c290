import { actions, pushes } from '@aideals/protocol';
import { expect } from 'vitest';
import { type Bench, errorWith, offsetOf, onTargets, str } from '../suite.js';
import { nowSeconds } from '../tokens.js';

const error = {
  type: 'error',
  data: { code: expect.any(String), message: expect.any(String) },
  timestamp: expect.any(Number),
};

const broadcast = (bench: Bench, body: unknown, headers: Record<string, string> = {}) =>
  bench.call('POST', '/v1/broadcast', { body, headers });

onTargets('HTTP in general', {}, (bench, check) => {
  const calls = [
    ['POST', '/v1/broadcast', { data: {} }],
    ['POST', '/v1/notifications', { userId: 'a', title: 'b', message: 'c' }],
    ['GET', '/v1/connections?userId=a', undefined],
    ['DELETE', '/v1/connections/a', undefined],
  ] as const;

  check('[HTTP-1] no token or a bad one is 401, and a missing scope 403', async () => {
    const user = bench.user();
    for (const [method, path, body] of calls) {
      const tokens = [undefined, 'abc', bench.token(user, { exp: nowSeconds() - 10 }), bench.token(user, { sub: '' })];
      for (const token of tokens) {
        const answer = await bench.call(method, path, { body, token });
        expect(answer.status, `${method} ${path}`).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.json).toEqual(errorWith('AUTHENTICATION_ERROR'));
      }
      const wrong = method === 'POST' ? 'admin' : 'publish';
      for (const scope of [undefined, 'websocket', wrong, 'PUBLISH ADMIN']) {
        const answer = await bench.call(method, path, { body, token: bench.token(user, { scope }) });
        expect(answer.status, `${method} ${path} ${scope}`).toBe(403);
        expect(answer.json).toEqual(errorWith('AUTHORIZATION_ERROR'));
      }
    }
  });

  check('[HTTP-2] an unknown path is 404, another method 405 with Allow', async () => {
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/nothing',
      '/v1/broadcast/x',
      '/v2/broadcast',
      '/__proto__',
      '/v1/connections/a/b',
    ]) {
      const answer = await bench.call('GET', path);
      expect(answer.status, path).toBe(404);
      expect(answer.json, path).toMatchObject(error);
    }
    const wrong = [
      ['GET', '/v1/broadcast', 'POST'],
      ['PUT', '/v1/broadcast', 'POST'],
      ['DELETE', '/v1/notifications', 'POST'],
      ['POST', '/v1/connections', 'GET'],
      ['GET', '/v1/connections/a', 'DELETE'],
      ['POST', '/healthz', 'GET'],
    ] as const;
    for (const [method, path, allowed] of wrong) {
      const answer = await bench.call(method, path, method === 'PUT' || method === 'POST' ? { body: {} } : {});
      expect(answer.status, `${method} ${path}`).toBe(405);
      expect(answer.headers['allow']?.split(/, */)).toContain(allowed);
      expect(answer.json).toMatchObject(error);
    }
  });

  check('[HTTP-3] a body that is not JSON, or is missing, is 400, and another media type 415', async () => {
    for (const body of ['', ' ', '{', 'hello', "{'a':1}", '{"data":{}}x', '\u0000']) {
      for (const path of ['/v1/broadcast', '/v1/notifications']) {
        const answer = await bench.call('POST', path, { body });
        expect(answer.status, `${path} ${JSON.stringify(body)}`).toBe(400);
        expect(answer.json).toEqual(errorWith('VALIDATION_ERROR'));
      }
    }
    expect((await bench.call('POST', '/v1/broadcast')).status).toBe(400);
    for (const body of ['null', '7', '"x"', 'true']) expect((await broadcast(bench, body)).status, body).toBe(400);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data']) {
      const answer = await broadcast(bench, '{"data":{}}', { 'content-type': type });
      expect(answer.status, type).toBe(415);
      expect(answer.json).toMatchObject(error);
    }
    const charset = { 'content-type': 'application/json; charset=utf-8' };
    expect((await broadcast(bench, '{"data":{}}', charset)).status).toBe(200);
  });

  check('[HTTP-4] a body over 1 MiB is 413', async () => {
    const list = (bytes: number): string => {
      const event = JSON.stringify({ topic: bench.topic(), data: { pad: 'x'.repeat(100_000) } });
      const text = `[${Array.from({ length: 10 }, () => event).join(',')}]`;
      return text + ' '.repeat(bytes - text.length);
    };
    expect((await broadcast(bench, list(1_048_576))).status).toBe(200);
    const over = await broadcast(bench, list(1_048_577));
    expect(over.status).toBe(413);
    expect(over.json).toMatchObject(error);
  });

  check('[HTTP-5] an unknown field is refused and the nearest known one named; inside data all is free', async () => {
    const broadcasts = { filter: 'filters', topics: 'topic', messagetype: 'messageType', Data: 'data' };
    for (const [wrong, right] of Object.entries(broadcasts)) {
      const answer = await broadcast(bench, { data: {}, [wrong]: 'x' });
      expect(answer.status, wrong).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR', wrong));
      expect(answer.text).toContain(`${right}?`);
    }
    const list = await broadcast(bench, [{ data: {} }, { data: {}, filter: {} }]);
    expect(list.json).toEqual(errorWith('VALIDATION_ERROR', '1.filter'));
    const body = { userId: 'a', title: 'b', message: 'c', expiresat: 1 };
    const notice = await bench.call('POST', '/v1/notifications', { body });
    expect(notice.json).toEqual(errorWith('VALIDATION_ERROR', 'expiresat'));
    expect(notice.text).toContain('expiresAt?');
    expect((await broadcast(bench, { data: { filter: 1, topics: [], deep: { a: { b: null } } } })).status).toBe(200);
  });

  check('[HTTP-6] a retry with the same key publishes nothing again, and another body is 409', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const key = { 'idempotency-key': topic };
    const body = [
      { topic, data: { n: 1 } },
      { topic, data: { n: 2 } },
    ];
    const first = await broadcast(bench, body, key);
    const again = await broadcast(bench, body, key);
    expect([first.status, again.status]).toEqual([200, 200]);
    const ids = (answer: { json: unknown }) => (answer.json as { id: string }[]).map(({ id }) => id);
    expect(ids(again)).toEqual(ids(first));
    for (const other of [[body[0]], { topic, data: { n: 1 } }, [body[1], body[0]]]) {
      const conflict = await broadcast(bench, other, key);
      expect(conflict.status).toBe(409);
      expect(conflict.json).toMatchObject(error);
    }
    expect((await session.untilPong()).map((frame) => frame.id)).toEqual(ids(first));
  });

  check('[HTTP-6] retries that come at once publish once', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const key = { 'idempotency-key': topic };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => broadcast(bench, { topic, data: { n: 1 } }, key)),
    );
    const ids = new Set(answers.map((answer) => (answer.json as { id: string }).id));
    expect(answers.map((answer) => answer.status)).toEqual(Array(6).fill(200));
    expect(ids.size).toBe(1);
    expect((await session.untilPong()).map((frame) => frame.id)).toEqual([...ids]);
  });

  check('[HTTP-6] a key belongs to its caller and its path, and holds for notifications too', async () => {
    const topic = bench.topic();
    const headers = { 'idempotency-key': topic };
    const post = async (path: string, body: object, caller: string) => {
      const answer = await bench.call('POST', path, {
        body,
        headers,
        token: bench.token(caller, { scope: 'publish' }),
      });
      expect(answer.status, answer.text).toBe(200);
      return answer;
    };
    const one = await post('/v1/broadcast', { topic, data: { n: 1 } }, `${topic}-a`);
    const two = await post('/v1/broadcast', { topic, data: { n: 2 } }, `${topic}-b`);
    expect((one.json as { id: string }).id).not.toBe((two.json as { id: string }).id);
    const reader = await bench.openSettled();
    const body = { userId: reader.userId, title: 'a', message: 'b' };
    const first = await post('/v1/notifications', body, `${topic}-a`);
    const again = await post('/v1/notifications', body, `${topic}-a`);
    expect(again.json).toEqual(first.json);
    expect((await reader.untilPong()).filter((frame) => frame.type === 'notification')).toHaveLength(1);
    const other = await bench.call('POST', '/v1/notifications', {
      body: { ...body, title: 'other' },
      headers,
      token: bench.token(`${topic}-a`, { scope: 'publish' }),
    });
    expect(other.status).toBe(409);
  });

  check('[HTTP-16] /healthz and /readyz tell how it is', async () => {
    const health = await bench.server.call('GET', '/healthz');
    expect(health).toMatchObject({ status: 200, json: { status: 'ok' } });
    const ready = await bench.server.call('GET', '/readyz');
    expect(ready).toMatchObject({ status: 200, json: { status: expect.any(String), checks: expect.anything() } });
  });

  check('[HTTP-17] /metrics, the documents and the page are there', async () => {
    await bench.openSettled();
    const metrics = await bench.server.call('GET', '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.headers['content-type']).toMatch(/^text\/plain/);
    expect(metrics.text).toMatch(/^# TYPE \S+ (counter|gauge|histogram)$/m);
    const openapi = await bench.server.call('GET', '/openapi.json');
    expect(openapi).toMatchObject({ status: 200, json: { openapi: expect.stringMatching(/^3\.1/) } });
    const paths = Object.keys((openapi.json as { paths: object }).paths);
    expect(paths).toEqual(expect.arrayContaining(['/v1/broadcast', '/v1/notifications', '/v1/connections']));
    const asyncapi = await bench.server.call('GET', '/asyncapi.json');
    expect(asyncapi).toMatchObject({ status: 200, json: { asyncapi: expect.stringMatching(/^3\./) } });
    for (const action of Object.keys(actions)) expect(asyncapi.text).toContain(action);
    const page = await bench.server.call('GET', '/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
  });
});

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
    expect(answer).toMatchObject({ status: 200, json: { broadcast: 'success', delivered: 1, total: 1 } });
    expect(await session.take('dealUpdate')).toEqual({
      type: 'dealUpdate',
      topic,
      id: (answer.json as { id: string }).id,
      data,
      timestamp: expect.any(Number),
    });
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
    expect(await bench.publish(topic, { discount: 15 })).toMatchObject({ total: 2, delivered: 2 });
    expect(await bench.publish(topic, { discount: 40 })).toMatchObject({ total: 4, delivered: 4 });
    expect(await bench.publish(bench.topic(), {})).toMatchObject({ total: 0, delivered: 0 });
  });

  check('[HTTP-10] a list is answered as a list, with ids that follow one another', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const events = Array.from({ length: 1000 }, (_, n) => ({ topic, data: { n } }));
    const answers = await bench.publishMany(events);
    const start = offsetOf(answers[0]?.id);
    expect(answers.map(({ id }) => offsetOf(id))).toEqual(events.map((_, n) => start + n));
    expect(answers.every(({ total, delivered }) => total === 1 && delivered === 1)).toBe(true);
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
      expect(answer.json).toMatchObject(error);
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
    ];
    for (const [body, path] of wrong) {
      const answer = await bench.call('POST', '/v1/notifications', { body });
      expect(answer.status, JSON.stringify(body).slice(0, 80)).toBe(400);
      expect(answer.json, JSON.stringify(body).slice(0, 80)).toEqual(errorWith('VALIDATION_ERROR', path));
    }
  });
});

onTargets('Administration', {}, (bench, check) => {
  const list = async (userId: string) => {
    const answer = await bench.call('GET', `/v1/connections?userId=${encodeURIComponent(userId)}`);
    expect(answer.status, answer.text).toBe(200);
    return (answer.json as { items: { connectionId: string; userId: string; connectedSince: number }[] }).items;
  };

  check('[HTTP-14] the connections of a user are listed', async () => {
    const session = await bench.openSettled({ user: `${bench.user()} ä/&` });
    const second = await bench.openSettled({ user: session.userId });
    const statuses = [await session.ask('getStatus'), await second.ask('getStatus')].map(({ data }) => ({
      connectionId: data['connectionId'],
      userId: data['userId'],
      connectedSince: data['connectedSince'],
    }));
    const items = await list(session.userId);
    expect(items).toHaveLength(2);
    expect(items).toEqual(expect.arrayContaining(statuses));
    expect(await list(bench.user())).toEqual([]);
    for (const path of ['/v1/connections', '/v1/connections?userId=', '/v1/connections?user=a']) {
      const answer = await bench.call('GET', path);
      expect(answer.status, path).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR', 'userId'));
    }
  });

  check('[HTTP-15][CLOSE-9] a connection is closed with 4003', async () => {
    const session = await bench.openSettled();
    const bystander = await bench.openSettled({ user: session.userId });
    const id = str(await session.ask('getStatus'), 'connectionId');
    const path = `/v1/connections/${encodeURIComponent(id)}`;
    const answer = await bench.call('DELETE', path);
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(await session.closing()).toMatchObject({ code: 4003 });
    expect(await list(session.userId)).toHaveLength(1);
    expect((await bystander.ask('ping')).type).toBe('pong');
    for (const gone of [path, '/v1/connections/nothing', '/v1/connections/__proto__']) {
      const missing = await bench.call('DELETE', gone);
      expect(missing.status, gone).toBe(404);
      expect(missing.json).toMatchObject(error);
    }
  });
});
