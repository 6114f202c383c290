import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ManualClock } from '../clock.js';
import type { GatewayOptions, LocalGateway } from '../local-gateway.js';
import { Client } from '../testing/client.js';
import { startGateway } from '../testing/gateway.js';
import { type Call, gate, Stagehand } from '../testing/stagehand.js';

let stagehand: Stagehand;
let gateway: LocalGateway;
let clock: ManualClock;
let open: Awaited<ReturnType<typeof startGateway>>['open'];
let clear: () => Promise<void>;

beforeAll(async () => {
  stagehand = await Stagehand.start();
  await start();
});
afterAll(async () => {
  await gateway.stop();
  await stagehand.stop();
});
afterEach(async () => {
  await clear();
  Object.assign(gateway.disorder.rates, { lostDisconnects: 0, lateDisconnects: 0, shuffle: false });
  stagehand.calls.length = 0;
  stagehand.answer = () => ({ statusCode: 200 });
});

const start = async (more: Partial<GatewayOptions> = {}): Promise<void> => {
  ({ gateway, clock, open, clear } = await startGateway(stagehand, more));
};

const routed = (routeKey: string) => (call: Call) => call.event.requestContext?.routeKey === routeKey;
const echo = (call: Call): unknown => ({ statusCode: 200, body: call.event.body });
const lastConnection = async (): Promise<string> =>
  (await stagehand.called(1, routed('$connect'))).at(-1)?.event.requestContext.connectionId;

describe('$connect', () => {
  it('is asked before the upgrade is answered, with all of the request', async () => {
    const { opened, open: let_in } = gate();
    stagehand.answer = async () => {
      await opened;
      return { statusCode: 200 };
    };
    const client = new Client(`${gateway.webSocketUrl}?a=1&a=2%20x&b=`, [], {
      headers: { 'X-Own': 'yes', 'user-agent': 'tester/1' },
    });
    const [call] = await stagehand.called();
    expect(client.socket.readyState).toBe(client.socket.CONNECTING);
    expect(call?.functionName).toBe('connect');
    const { event } = call as Call;
    expect(Object.keys(event).sort()).toEqual([
      'headers',
      'isBase64Encoded',
      'multiValueHeaders',
      'multiValueQueryStringParameters',
      'queryStringParameters',
      'requestContext',
    ]);
    expect(event.headers).toMatchObject({
      Host: `127.0.0.1:${gateway.port}`,
      'Sec-WebSocket-Version': '13',
      'X-Own': 'yes',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
      'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/u),
    });
    expect(event.headers).not.toHaveProperty('Connection');
    expect(event.headers).not.toHaveProperty('Upgrade');
    expect(event.multiValueHeaders['X-Own']).toEqual(['yes']);
    expect(event.queryStringParameters).toEqual({ a: '2 x', b: '' });
    expect(event.multiValueQueryStringParameters).toEqual({ a: ['1', '2 x'], b: [''] });
    expect(event.requestContext).toEqual({
      routeKey: '$connect',
      eventType: 'CONNECT',
      extendedRequestId: expect.any(String),
      requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/u),
      messageDirection: 'IN',
      stage: 'prod',
      connectedAt: clock.now(),
      requestTimeEpoch: clock.now(),
      identity: { userAgent: 'tester/1', sourceIp: '127.0.0.1' },
      requestId: expect.any(String),
      domainName: `127.0.0.1:${gateway.port}`,
      connectionId: expect.stringMatching(/^[\w-]{15}=$/u),
      apiId: expect.any(String),
    });
    let_in();
    await new Promise((resolve) => client.socket.once('open', resolve));
    client.socket.terminate();
  });

  it('has no maps of a query where there is none', async () => {
    const client = await open();
    const [call] = await stagehand.called();
    expect(call?.event).not.toHaveProperty('queryStringParameters');
    expect(call?.event).not.toHaveProperty('multiValueQueryStringParameters');
    client.socket.terminate();
  });

  it('that refuses is told with its status, headers and body', async () => {
    stagehand.answer = () => ({ statusCode: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: '{"no":1}' });
    const refused = await Client.refused(gateway.webSocketUrl);
    expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' }, body: '{"no":1}' });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('wrong'))],
    ['answers with no response', () => 'yes'],
    ['answers with no status', () => ({ ok: true })],
  ])('that %s is 502', async (_title, answer) => {
    stagehand.answer = answer;
    const { status, body } = await Client.refused(gateway.webSocketUrl);
    expect(status).toBe(502);
    expect(JSON.parse(body)).toEqual({
      message: 'Internal server error',
      connectionId: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it('that does not return in time is 504', async () => {
    const { opened, open: go } = gate();
    stagehand.answer = () => opened;
    const refused = Client.refused(gateway.webSocketUrl);
    await stagehand.called();
    clock.advance(29_000);
    expect((await refused).status).toBe(504);
    go();
  });

  it('selects a subprotocol by its headers, and no other is selected', async () => {
    stagehand.answer = () => ({ statusCode: 200, headers: { 'sec-websocket-protocol': 'two' } });
    const chosen = await open('', ['one', 'two']);
    expect(chosen.socket.protocol).toBe('two');
    chosen.socket.terminate();
    stagehand.answer = () => ({ statusCode: 200 });
    const none = await Client.refused(gateway.webSocketUrl, { headers: { 'Sec-WebSocket-Protocol': 'one' } }).catch(
      (error: Error) => error.message,
    );
    expect(none).toBe('it was let in');
  });

  it.each([
    ['/other', 403, { message: 'Forbidden' }],
    ['/', 403, { message: 'Forbidden' }],
  ])('is not asked on %s', async (path, status, body) => {
    const refused = await Client.refused(`ws://127.0.0.1:${gateway.port}${path}`);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.body)).toEqual(body);
    expect(stagehand.calls).toEqual([]);
  });

  it.each([
    [{ 'Sec-WebSocket-Version': '8' }, 426],
    [{ 'Sec-WebSocket-Key': 'short' }, 400],
    [{ Upgrade: 'other' }, 400],
    [{ 'Sec-WebSocket-Protocol': 'one, ,two' }, 400],
    [{ 'Sec-WebSocket-Protocol': 'one, one' }, 400],
  ])('is not asked with %o', async (headers, status) => {
    const sent = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    };
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ port: gateway.port, host: '127.0.0.1', path: '/prod', headers: sent }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.once('error', reject).end();
    });
    expect(answered).toBe(status);
    expect(stagehand.calls).toEqual([]);
  });
});

describe('a message', () => {
  it.each([
    ['{"action":"ask"}', 'ask'],
    ['{"action":"tell"}', 'tell'],
    ['{"action":"unknown"}', '$default'],
    ['{"action":"$connect"}', '$default'],
    ['{"action":["ask"]}', '$default'],
    ['{"Action":"ask"}', '$default'],
    ['[{"action":"ask"}]', '$default'],
    ['{}', '$default'],
    ['no JSON', '$default'],
    ['', '$default'],
  ])('%s goes to the route %s', async (text, routeKey) => {
    const client = await open();
    client.send(text);
    const [call] = await stagehand.called(1, ({ event }) => event.requestContext.eventType === 'MESSAGE');
    expect(call?.event).toEqual({
      requestContext: expect.objectContaining({
        routeKey,
        messageId: expect.any(String),
        eventType: 'MESSAGE',
        messageDirection: 'IN',
        identity: { sourceIp: '127.0.0.1' },
        connectionId: await lastConnection(),
      }),
      body: text,
      isBase64Encoded: false,
    });
    client.socket.terminate();
  });

  it('is answered with the body, where its route has a response', async () => {
    const client = await open();
    stagehand.answer = echo;
    client.send({ action: 'tell', n: 1 });
    await stagehand.called(1, routed('tell'));
    await gateway.settled();
    client.send({ action: 'ask', n: 2 });
    expect(await client.next()).toBe('{"action":"ask","n":2}');
    stagehand.answer = () => ({ statusCode: 200 });
    client.send({ action: 'ask' });
    await gateway.settled();
    stagehand.answer = () => ({ statusCode: 500, body: 'also this' });
    client.send({ action: 'ask' });
    expect(await client.next()).toBe('also this');
    client.socket.terminate();
  });

  it('whose function fails is answered so, whether or not its route has a response', async () => {
    const client = await open();
    stagehand.answer = () => Promise.reject(new Error('wrong'));
    for (const action of ['ask', 'tell']) {
      client.send({ action });
      expect(JSON.parse(await client.next())).toEqual({
        message: 'Internal server error',
        connectionId: await lastConnection(),
        requestId: expect.any(String),
      });
    }
    client.socket.terminate();
  });

  it('does not wait for the one before: they run side by side, and end as they end', async () => {
    const client = await open();
    const gates = new Map(['a', 'b', 'c'].map((name) => [name, gate()]));
    stagehand.answer = async ({ event }) => {
      const { name } = JSON.parse(event.body);
      await gates.get(name)?.opened;
      return { statusCode: 200, body: name };
    };
    for (const name of gates.keys()) client.send({ action: 'ask', name });
    await stagehand.called(3, routed('ask'));
    const heard: string[] = [];
    for (const name of ['c', 'a', 'b']) {
      gates.get(name)?.open();
      heard.push(await client.next());
    }
    expect(heard).toEqual(['c', 'a', 'b']);
    client.socket.terminate();
  });

  it('overtakes others where the order is shuffled', async () => {
    const client = await open();
    gateway.disorder.rates.shuffle = true;
    stagehand.answer = echo;
    const sent = Array.from({ length: 30 }, (_, n) => `${n}`);
    for (const text of sent) client.send(text);
    const heard: string[] = [];
    while (heard.length < sent.length) heard.push(await client.next());
    expect(heard).not.toEqual(sent);
    expect(heard.sort((a, b) => Number(a) - Number(b))).toEqual(sent);
    client.socket.terminate();
  });

  it('in binary closes the connection with 1003', async () => {
    const client = await open();
    client.socket.send(Buffer.from('{"action":"ask"}'));
    expect(await client.closed).toMatchObject({ code: 1003 });
    expect(stagehand.calls.filter(routed('ask'))).toEqual([]);
  });

  it('of 128 KiB in frames of 32 KiB is taken; one byte more, or one frame over 32 KiB, closes with 1009', async () => {
    stagehand.answer = ({ event }) => ({ statusCode: 200, body: String(event.body?.length) });
    const part = 'x'.repeat(32_768);
    const client = await open();
    for (let n = 0; n < 4; n += 1) client.socket.send(part, { fin: n === 3 });
    expect(await client.next()).toBe('131072');
    for (let n = 0; n < 4; n += 1) client.socket.send(part, { fin: false });
    client.socket.send('x');
    expect(await client.closed).toMatchObject({ code: 1009 });

    const second = await open();
    second.send('small');
    second.send('x'.repeat(32_769));
    second.send('after');
    expect(await second.closed).toMatchObject({ code: 1009 });
    await gateway.settled();
    expect(stagehand.calls.map(({ event }) => event.body)).not.toContain('after');
    expect(stagehand.calls.filter(({ event }) => event.body?.length === 32_769)).toEqual([]);
  });
});

describe('a connection', () => {
  const ended = async (): Promise<{ status: number; reason: string }> => {
    const [call] = await stagehand.called(1, routed('$disconnect'));
    const context = call?.event.requestContext;
    return { status: context.disconnectStatusCode, reason: context.disconnectReason };
  };

  it('is closed when it was idle for ten minutes; messages and pings keep it', async () => {
    const client = await open();
    clock.advance(599_000);
    client.send('x');
    await stagehand.called(1, routed('$default'));
    clock.advance(599_000);
    const ponged = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await ponged;
    clock.advance(599_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    clock.advance(1);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(await ended()).toEqual({ status: 1001, reason: 'Going away' });
  });

  it('is closed when it is two hours old, whatever goes on', async () => {
    const client = await open();
    stagehand.answer = echo;
    for (let minutes = 0; minutes <= 119; minutes += 7) {
      client.send('x');
      await client.next();
      clock.advance(7 * 60_000);
    }
    expect(await client.closed).toMatchObject({ code: 1001 });
  });

  it('tells $disconnect how it ended', async () => {
    const client = await open();
    client.socket.close(4321, 'as I like');
    const [call] = await stagehand.called(1, routed('$disconnect'));
    expect(call?.event).toMatchObject({
      headers: { Host: expect.any(String), 'x-api-key': '' },
      multiValueHeaders: { 'x-api-key': [''] },
      requestContext: {
        routeKey: '$disconnect',
        eventType: 'DISCONNECT',
        disconnectStatusCode: 4321,
        disconnectReason: 'as I like',
        connectionId: await lastConnection(),
      },
      isBase64Encoded: false,
    });
    stagehand.calls.length = 0;
    (await open()).socket.terminate();
    expect(await ended()).toMatchObject({ status: 1006 });
  });

  it('that ends unheard is told to no one, and one that ends late, late', async () => {
    gateway.disorder.rates.lostDisconnects = 1;
    await open();
    await clear();
    gateway.disorder.rates.lostDisconnects = 0;
    gateway.disorder.rates.lateDisconnects = 1;
    await open();
    await clear();
    expect(stagehand.calls.filter(routed('$disconnect'))).toEqual([]);
    clock.advance(90_000);
    await stagehand.called(1, routed('$disconnect'));
    await gateway.settled();
    expect(stagehand.calls.filter(routed('$disconnect'))).toHaveLength(1);
  });

  it('whose client left during $connect is told to $disconnect', async () => {
    const { opened, open: go } = gate();
    stagehand.answer = ({ event }) =>
      routed('$connect')({ event } as Call) ? opened.then(() => ({ statusCode: 200 })) : {};
    const client = new Client(gateway.webSocketUrl);
    await stagehand.called();
    client.socket.terminate();
    await client.closed;
    go();
    expect(await ended()).toMatchObject({ status: 1006 });
  });
});
