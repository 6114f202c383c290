import { describe, expect, it } from 'vitest';
import { doorRules } from './door.js';
import { createHttp, type HttpOptions } from './http.js';
import type { HttpEvent } from './http-request.js';

const TIME = 1_764_039_600_000;

const world = (change: Partial<HttpOptions> = {}) => {
  const calls: unknown[] = [];
  const http = createHttp({
    engine: {
      call: async (credentials, call) => {
        calls.push({ ...credentials, ...call });
        return { status: 200, body: '{"ok":true}' };
      },
    },
    door: doorRules({
      allowedOrigins: undefined,
      ipAllow: undefined,
      ipDeny: ['198.51.100.7/32'],
      trustedProxies: ['203.0.113.0/24'],
    }),
    clock: { now: () => TIME },
    bodyBytes: 100,
    documents: { '/openapi.json': '{"openapi":"3.1.0"}' },
    checks: async () => ({ store: 'ok' }),
    ...change,
  });
  const ask = (method: string, rawPath: string, given: Partial<HttpEvent> = {}, sourceIp = '192.0.2.1') =>
    http({
      rawPath,
      ...given,
      requestContext: { stage: '$default', http: { method, sourceIp }, ...given.requestContext },
    });
  return { ask, calls };
};

const JSON_BODY = { headers: { 'content-type': 'application/json; charset=utf-8' } };

describe('an HTTP call', () => {
  it('reaches the engine with who calls, the path, the query and the body', async () => {
    const { ask, calls } = world();
    const headers = { ...JSON_BODY.headers, authorization: 'Bearer t', 'x-api-key': 'k', 'idempotency-key': 'i' };
    expect(await ask('POST', '/v1/broadcast', { headers, body: '{"data":{}}' })).toMatchObject({
      statusCode: 200,
      body: '{"ok":true}',
      headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    });
    await ask('DELETE', '/v1/connections/L0SM9cOFvHcCIhw=');
    await ask('GET', '/v1/connections', { rawQueryString: 'userId=a%20b&x=1&x=2' });
    expect(calls).toMatchObject([
      { bearer: 't', apiKey: 'k', ip: '192.0.2.1', call: 'broadcast', body: '{"data":{}}', idempotencyKey: 'i' },
      { call: 'closeConnection', params: { id: 'L0SM9cOFvHcCIhw=' }, body: undefined },
      { call: 'listConnections', query: { userId: 'a b', x: ['1', '2'] } },
    ]);
  });

  it('is found behind the name of a stage, and its body in base64', async () => {
    const { ask, calls } = world();
    const requestContext = { stage: 'dev', http: { method: 'POST', sourceIp: '192.0.2.1' } };
    const body = Buffer.from('{"a":"ü"}').toString('base64');
    await ask('POST', '/dev/v1/broadcast', { ...JSON_BODY, requestContext, body, isBase64Encoded: true });
    expect(calls).toMatchObject([{ call: 'broadcast', body: '{"a":"ü"}' }]);
  });

  it.each<[string, number, string, string, Partial<HttpEvent>]>([
    ['a path that is not there', 404, 'GET', '/v1/nothing', {}],
    ['a method that is not taken', 405, 'PUT', '/v1/broadcast', {}],
    ['a body of another type', 415, 'POST', '/v1/broadcast', { headers: { 'content-type': 'text/plain' }, body: '{}' }],
    ['a body that is too large', 413, 'POST', '/v1/broadcast', { ...JSON_BODY, body: `"${'x'.repeat(100)}"` }],
    [
      'a compressed body',
      415,
      'POST',
      '/v1/broadcast',
      { headers: { ...JSON_BODY.headers, 'content-encoding': 'gzip' }, body: 'x' },
    ],
    ['a body that is not UTF-8', 400, 'POST', '/v1/broadcast', { ...JSON_BODY, body: '/w==', isBase64Encoded: true }],
  ])('of %s is refused with %i', async (_, status, method, path, given) => {
    const { ask, calls } = world();
    const answer = await ask(method, path, given);
    expect(answer).toMatchObject({ statusCode: status });
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ type: 'error', data: { code: 'VALIDATION_ERROR' } });
    expect(calls).toEqual([]);
  });

  it('names the methods that a path takes', async () => {
    const { ask } = world();
    expect((await ask('GET', '/v1/broadcast')).headers).toMatchObject({ Allow: 'POST' });
    expect((await ask('POST', '/healthz')).headers).toMatchObject({ Allow: 'GET, HEAD' });
  });

  it('of an address that is denied is refused, but for its health', async () => {
    const { ask } = world();
    expect(await ask('GET', '/openapi.json', {}, '198.51.100.7')).toMatchObject({ statusCode: 403 });
    expect(await ask('GET', '/healthz', {}, '198.51.100.7')).toMatchObject({
      statusCode: 200,
      body: '{"status":"ok"}',
    });
  });

  it('comes from whom a trusted proxy says, and from no one else', async () => {
    const { ask, calls } = world();
    const told = (forwarded: string) => ({ headers: { 'x-forwarded-for': forwarded } });
    await ask('GET', '/v1/connections', told('198.51.100.7, 192.0.2.5, 203.0.113.9'), '203.0.113.9');
    await ask('GET', '/v1/connections', told('198.51.100.7'));
    expect(calls).toMatchObject([{ ip: '192.0.2.5' }, { ip: '192.0.2.1' }]);
    expect(await ask('GET', '/v1/connections', told('192.0.2.5, ::ffff:198.51.100.7'), '203.0.113.9')).toMatchObject({
      statusCode: 403,
    });
  });

  it('has the headers that its answer asks for', async () => {
    const answering = (response: object) => world({ engine: { call: async () => response as never } });
    const refused = answering({ status: 429, body: '{}', retryAfter: 7 });
    expect((await refused.ask('POST', '/v1/broadcast')).headers).toMatchObject({ 'Retry-After': '7' });
    const unknown = answering({ status: 401, body: '{}' });
    expect((await unknown.ask('POST', '/v1/broadcast')).headers).toMatchObject({ 'WWW-Authenticate': 'Bearer' });
    const closed = await answering({ status: 204, body: undefined }).ask('DELETE', '/v1/connections/c');
    expect([closed.statusCode, closed.body]).toEqual([204, undefined]);
  });
});

describe('what a deployment tells of itself', () => {
  it('is whether what it needs is there', async () => {
    expect(await world().ask('GET', '/readyz')).toMatchObject({ statusCode: 200 });
    const { ask } = world({ checks: async () => ({ store: 'ok', log: 'does not answer' }) });
    expect(await ask('GET', '/readyz')).toMatchObject({
      statusCode: 503,
      body: '{"status":"unavailable","checks":{"store":"ok","log":"does not answer"}}',
    });
  });

  it('are its documents', async () => {
    expect(await world().ask('GET', '/openapi.json')).toMatchObject({ statusCode: 200, body: '{"openapi":"3.1.0"}' });
  });
});
