import { actions } from '@aideals/protocol';
import { expect } from 'vitest';
import { broadcast, errorWith, httpError } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

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
      expect(answer.json, path).toMatchObject(httpError);
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
      expect(answer.json).toMatchObject(httpError);
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
      expect(answer.json).toMatchObject(httpError);
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
    expect(over.json).toMatchObject(httpError);
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
      expect(conflict.json).toMatchObject(httpError);
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
    const pushed = (await session.untilPong()).map((frame) => frame.id);
    expect(bench.target.kind === 'serverless' ? [...new Set(pushed)] : pushed).toEqual([...ids]);
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

  check('[HTTP-17] /metrics and the page are there', async () => {
    await bench.openSettled();
    const metrics = await bench.server.call('GET', '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.headers['content-type']).toMatch(/^text\/plain/);
    expect(metrics.text).toMatch(/^# TYPE \S+ (counter|gauge|histogram)$/m);
    const page = await bench.server.call('GET', '/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
  });

  check('[HTTP-17] the documents are there', async () => {
    const openapi = await bench.server.call('GET', '/openapi.json');
    expect(openapi).toMatchObject({ status: 200, json: { openapi: expect.stringMatching(/^3\.1/) } });
    const paths = Object.keys((openapi.json as { paths: object }).paths);
    expect(paths).toEqual(expect.arrayContaining(['/v1/broadcast', '/v1/notifications', '/v1/connections']));
    const asyncapi = await bench.server.call('GET', '/asyncapi.json');
    expect(asyncapi).toMatchObject({ status: 200, json: { asyncapi: expect.stringMatching(/^3\./) } });
    for (const action of Object.keys(actions)) expect(asyncapi.text).toContain(action);
  });
});
