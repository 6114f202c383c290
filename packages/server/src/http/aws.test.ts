import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AWS_KEY, signed } from '../testing/sign.js';
import { type TestServer, testServer } from '../testing/test-server.js';

let server: TestServer;

beforeAll(async () => {
  server = await testServer({ AIDEALS_AWS_KEYS: `${AWS_KEY.accessKeyId}:${AWS_KEY.secret}` });
});

afterAll(() => server.stop());

const call = (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
  const service = path.includes('functions') ? 'lambda' : 'execute-api';
  return server.fetch(path, {
    method,
    headers: signed(method, `${server.url}${path}`, service, body, headers),
    ...(body === undefined ? {} : { body }),
  });
};

describe('@connections', () => {
  it.each(['', '/prod', '/%40'])('posts, tells and disconnects under %s', async (prefix) => {
    const client = await server.connect('somebody');
    const { connectionId } = (await client.ask('getStatus')).data;
    const path = prefix === '/%40' ? `/%40connections/${connectionId}` : `${prefix}/@connections/${connectionId}`;
    const posted = await call('POST', path, '{"type":"notification","data":{"title":"Grüße"}}');
    expect([posted.status, await posted.text()]).toEqual([200, '']);
    expect((await client.until(({ type }) => type === 'notification')).data).toEqual({ title: 'Grüße' });
    const facts = (await (await call('GET', path)).json()) as { connectedAt: string; identity: object };
    expect(new Date(facts.connectedAt).toISOString()).toBe(facts.connectedAt);
    expect(facts).toMatchObject({ identity: { sourceIp: '127.0.0.1' }, lastActiveAt: expect.any(String) });
    expect((await call('DELETE', path)).status).toBe(204);
    expect(await client.closed()).toEqual([4003, 'closed by an administrator']);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const gone = await call(method, path, method === 'POST' ? 'x' : undefined);
      expect([gone.status, gone.headers.get('x-amzn-errortype')]).toEqual([410, 'GoneException']);
    }
  });

  it('refuses who does not sign, or signs wrongly', async () => {
    expect((await server.fetch('/@connections/x', { method: 'POST', body: 'x' })).status).toBe(403);
    const wrong = signed('GET', `${server.url}/@connections/x`, 'execute-api', '', {}, { ...AWS_KEY, secret: 'other' });
    expect((await server.fetch('/@connections/x', { headers: wrong })).status).toBe(403);
  });

  it('takes any type of body, and says which methods there are', async () => {
    const answer = await call('POST', '/@connections/nobody', 'x', { 'content-type': 'text/plain' });
    expect(answer.status).toBe(410);
    const other = await call('PUT', '/@connections/nobody', 'x');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE']);
  });
});

describe('the broadcast function', () => {
  const path = '/2015-03-31/functions/broadcast/invocations';
  const event = {
    messageType: 'dealUpdate',
    data: { title: 'A deal', category: 'books' },
    topic: 'new-deals',
    filters: { category: 'books', discount: null },
  };

  it('answers as the guide’s does', async () => {
    const client = await server.connect('reader');
    await client.ask('subscribeToDeals', { topic: 'new-deals', filters: { category: 'books' } });
    const answer = await call('POST', path, JSON.stringify(event));
    const { statusCode, body } = (await answer.json()) as { statusCode: number; body: string };
    expect([answer.status, statusCode]).toEqual([200, 200]);
    expect(JSON.parse(body)).toMatchObject({ broadcast: 'success', delivered: 1, total: 1 });
    expect((await client.until(({ type }) => type === 'dealUpdate')).data).toEqual(event.data);
    const queued = await call('POST', path, JSON.stringify(event), { 'x-amz-invocation-type': 'Event' });
    expect([queued.status, await queued.text()]).toEqual([202, '']);
  });

  it('tells what was wrong as the guide’s does', async () => {
    const answer = await call('POST', path, '{"data":1}');
    const { statusCode, body } = (await answer.json()) as { statusCode: number; body: string };
    expect([answer.status, statusCode]).toEqual([200, 500]);
    expect(JSON.parse(body)).toEqual({ broadcast: 'failed', error: expect.stringContaining('data') });
    expect((await call('POST', '/2015-03-31/functions/other/invocations', '{}')).status).toBe(404);
  });
});
