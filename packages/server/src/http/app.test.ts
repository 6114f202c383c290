import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callList } from '@aideals/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../testing/raw-client.js';
import { freshFolder, KEY, type TestServer, testServer } from '../testing/test-server.js';

let server: TestServer;

beforeAll(async () => {
  const pageDir = freshFolder();
  mkdirSync(join(pageDir, 'assets'));
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html><title>deals</title>');
  writeFileSync(join(pageDir, 'assets', 'index-abcdef12.js'), 'export {};');
  server = await testServer(
    { AIDEALS_ALLOWED_ORIGINS: 'https://app.example', AIDEALS_MAX_BODY_BYTES: '4096' },
    { pageDir },
  );
});

afterAll(() => server.stop());

const json = { 'content-type': 'application/json' };

interface ErrorBody {
  readonly type: string;
  readonly data: { readonly code: string; readonly message: string };
  readonly timestamp: number;
}

const refused = async (
  path: string,
  init?: RequestInit,
): Promise<{ status: number; code: string; message: string }> => {
  const response = await server.fetch(path, init);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body = (await response.json()) as ErrorBody;
  expect(body).toMatchObject({ type: 'error', timestamp: expect.any(Number) });
  return { status: response.status, code: body.data.code, message: body.data.message };
};

const post = (body: BodyInit | undefined, headers: Record<string, string> = json): RequestInit => ({
  method: 'POST',
  headers: { 'x-api-key': KEY, ...headers },
  ...(body === undefined ? {} : { body }),
});

describe('the calls', () => {
  it('are all there, and take no other method', async () => {
    for (const { path, method } of callList) {
      const url = path.replaceAll(/\{\w+\}/gu, 'x');
      const response = await server.fetch(url, { method: 'PATCH', body: 'x' });
      expect([response.status, response.headers.get('allow')?.split(', ')[0]]).toEqual([405, method]);
      const { status, code } = await refused(url, {
        method,
        ...(method === 'POST' ? post('{}', json) : {}),
        headers: json,
      });
      expect([status, code], path).toEqual([401, 'AUTHENTICATION_ERROR']);
    }
  });

  it('take a key in either header, and a token', async () => {
    const body = JSON.stringify({ data: {} });
    const token = await server.token('publisher', 'publish');
    for (const headers of [
      { 'x-api-key': KEY },
      { authorization: `Bearer ${KEY}` },
      { authorization: `bearer ${token}` },
    ]) {
      const response = await server.fetch('/v1/broadcast', { method: 'POST', headers: { ...json, ...headers }, body });
      expect(response.status).toBe(200);
    }
    const response = await server.fetch('/v1/broadcast', { method: 'POST', headers: json, body });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['no body', post(undefined, {}), 400, 'a JSON body is required'],
    ['an empty body', post(''), 400, 'a JSON body is required'],
    [
      'another type',
      post('{"data":{}}', { 'content-type': 'text/plain' }),
      415,
      'Content-Type: must be application/json',
    ],
    ['bytes that are not UTF-8', post(new Uint8Array([0x7b, 0xff]), json), 400, 'the body is not UTF-8'],
    ['too much', post('x'.repeat(4_097)), 413, 'the body is over 4096 bytes'],
    [
      'a compressed body',
      post('{}', { ...json, 'content-encoding': 'gzip' }),
      415,
      'Content-Encoding: must be left out; bodies are not compressed',
    ],
  ])('refuse %s', async (_, init, status, message) => {
    expect(await refused('/v1/broadcast', init)).toEqual({ status, code: 'VALIDATION_ERROR', message });
  });

  it('take JSON with a charset, and ids that are encoded', async () => {
    const response = await server.fetch(
      '/v1/broadcast',
      post('{"data":{}}', { 'content-type': 'application/json; charset=utf-8' }),
    );
    expect(response.status).toBe(200);
    const id = encodeURIComponent('ä/ü'.repeat(40));
    expect(await refused(`/v1/connections/${id}`, { method: 'DELETE', headers: { 'x-api-key': KEY } })).toMatchObject({
      status: 404,
    });
    const raw = await server.fetch('/v1/connections/%E0%A4%A', { method: 'DELETE', headers: { 'x-api-key': KEY } });
    expect(raw.status).toBe(400);
  });

  it('disconnect a connection, with no body in the answer', async () => {
    const client = await server.connect('somebody');
    const { connectionId } = (await client.ask('getStatus')).data;
    const response = await server.fetch(`/v1/connections/${connectionId}`, {
      method: 'DELETE',
      headers: { 'x-api-key': KEY },
    });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await client.closed()).toEqual([4003, 'closed by an administrator']);
    expect(
      await refused(`/v1/connections/${connectionId}`, { method: 'DELETE', headers: { 'x-api-key': KEY } }),
    ).toMatchObject({ status: 404 });
  });
});

describe('the server', () => {
  it('answers what is not there with 404', async () => {
    for (const path of ['/nowhere', '/v1', '/v1/broadcast/x', '/__proto__', '/../etc/passwd', '/assets/none.js']) {
      expect(await refused(path), path).toEqual({
        status: 404,
        code: 'VALIDATION_ERROR',
        message: 'there is nothing here',
      });
    }
    expect(await refused('/nowhere', { method: 'PUT', body: 'x' })).toMatchObject({ status: 404 });
  });

  it('tells how it is', async () => {
    expect(await (await server.fetch('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await server.fetch('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ok', checks: { store: 'ok', connections: 'ok' } },
    ]);
  });

  it('counts', async () => {
    const client = await server.connect('counted');
    await client.ask('ping');
    const text = await (await server.fetch('/metrics')).text();
    expect(text).toMatch(/^aideals_frames_total\{action="ping",outcome="ok"\} [1-9]/mu);
    expect(text).toMatch(/^aideals_connections [1-9]/mu);
    expect(text).toMatch(/^aideals_outbox_writes_total [1-9]/mu);
    expect(text).toMatch(/^process_cpu_seconds_total /mu);
    client.socket.terminate();
  });

  it('hands out the documents that describe it', async () => {
    const openapi = (await (await server.fetch('/openapi.json')).json()) as { paths: object };
    expect(Object.keys(openapi.paths)).toContain('/v1/broadcast');
    expect(await (await server.fetch('/asyncapi.json')).json()).toHaveProperty('asyncapi');
  });

  it('shows the page, under a strict policy', async () => {
    const page = await server.fetch('/');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; connect-src 'self' ws: wss:;/u);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = await server.fetch('/assets/index-abcdef12.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
  });

  it('says to a plain request what an upgrade would be told', async () => {
    const token = await server.token('prober');
    for (const path of ['/ws', '/prod']) {
      const response = await server.fetch(`${path}?token=${token}`);
      expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
      expect(await refused(path)).toMatchObject({ status: 401, code: 'AUTHENTICATION_ERROR' });
    }
    expect(await refused(`/ws?token=${token}`, { headers: { origin: 'https://evil.example' } })).toMatchObject({
      status: 403,
    });
    expect(await refused(`/ws?token=${token}&client=a.b`)).toMatchObject({ status: 400 });
    const response = await server.fetch('/v1/connections?userId=prober', { headers: { 'x-api-key': KEY } });
    expect(await response.json()).toEqual({ items: [] });
  });

  it('lets pages of the listed origins call, also to read a refusal', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await server.fetch('/v1/broadcast', { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example',
    ]);
    const refusal = await server.fetch('/v1/broadcast', {
      ...post('{}'),
      headers: { ...json, origin: 'https://app.example' },
    });
    expect([refusal.status, refusal.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
    const missing = await server.fetch('/nowhere', { headers: { origin: 'https://app.example' } });
    expect(missing.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const other = await server.fetch('/healthz', { headers: { origin: 'https://evil.example' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', '400'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', '400'],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`, '431'],
    [
      'two lengths',
      'POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400',
    ],
  ])('answers a request with %s by an error', async (_, text, status) => {
    const client = await RawClient.connect(server.port);
    client.socket.write(text);
    const answer = String(await client.ended());
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `, 'u'));
    client.destroy();
  });

  it('takes a token of 16 KiB in the query', async () => {
    expect(await refused(`/ws?token=${'x'.repeat(16_384)}`)).toMatchObject({ status: 401 });
  });
});

describe('the log', () => {
  it('holds no query, no token and no content', async () => {
    const loud = await testServer({ AIDEALS_LOG_LEVEL: 'trace' });
    const client = await loud.connect('talker');
    await client.ask('sendMessage', { recipientId: 'b', content: 'a-secret-word' });
    await loud.publish({ data: { a: 'a-secret-word' } });
    await loud.fetch('/nowhere?token=a-secret-token', { headers: { authorization: 'Bearer a-secret-token' } });
    await loud.fetch('/ws?token=a-secret-token');
    await loud.stop();
    expect(loud.log()).toContain('"route":"/v1/broadcast"');
    for (const secret of ['a-secret-word', 'a-secret-token', KEY]) expect(loud.log()).not.toContain(secret);
  });
});
