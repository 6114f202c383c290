import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultQuota } from '../account-quota.js';
import type { ManualClock } from '../clock.js';
import type { LocalGateway } from '../local-gateway.js';
import { startGateway } from '../testing/gateway.js';
import { gate, Stagehand } from '../testing/stagehand.js';

let stagehand: Stagehand;
let gateway: LocalGateway;
let clock: ManualClock;
let open: Awaited<ReturnType<typeof startGateway>>['open'];
let clear: () => Promise<void>;
let api: ApiGatewayManagementApiClient;
let lambda: LambdaClient;
const faults: unknown[] = [];

const KEY = { accessKeyId: 'test-key', secretAccessKey: 'test:secret' };

beforeAll(async () => {
  stagehand = await Stagehand.start();
  ({ gateway, clock, open, clear } = await startGateway(stagehand, {
    sweepFunction: 'sweep',
    fault: (error) => faults.push(error),
  }));
  const common = { region: 'us-east-1', credentials: KEY, maxAttempts: 1 };
  api = new ApiGatewayManagementApiClient({ ...common, endpoint: `${gateway.url}/prod` });
  lambda = new LambdaClient({ ...common, endpoint: gateway.url });
});
afterAll(async () => {
  api.destroy();
  lambda.destroy();
  await gateway.stop();
  await stagehand.stop();
});
afterEach(async () => {
  await clear();
  gateway.quota.set(defaultQuota);
  stagehand.calls.length = 0;
  stagehand.answer = () => ({ statusCode: 200 });
});

const connectionOf = async (): Promise<string> => {
  const found = await stagehand.called(1, ({ functionName }) => functionName === 'connect');
  return found.at(-1)?.event.requestContext.connectionId;
};
const post = (ConnectionId: string, Data = 'hello') => api.send(new PostToConnectionCommand({ ConnectionId, Data }));

/** The name and status that the SDK makes of a refusal. */
const refusal = async (call: Promise<unknown>): Promise<unknown[]> => {
  const error = await call.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown as Error & { $metadata?: { httpStatusCode?: number } },
  );
  return [error.name, (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode];
};

describe('@connections', () => {
  it('posts, tells and closes', async () => {
    const client = await open('', [], { headers: { 'User-Agent': 'tester/1' } });
    const id = await connectionOf();
    clock.advance(1_000);
    await post(id);
    expect(await client.next()).toBe('hello');
    const told = await api.send(new GetConnectionCommand({ ConnectionId: id }));
    expect(told).toMatchObject({
      Identity: { SourceIp: '127.0.0.1', UserAgent: 'tester/1' },
      ConnectedAt: new Date(clock.now() - 1_000),
      LastActiveAt: new Date(clock.now()),
    });
    await api.send(new DeleteConnectionCommand({ ConnectionId: id }));
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(await refusal(post(id))).toEqual(['GoneException', 410]);
    expect(await refusal(api.send(new GetConnectionCommand({ ConnectionId: id })))).toEqual(['GoneException', 410]);
    expect(await refusal(api.send(new DeleteConnectionCommand({ ConnectionId: id })))).toEqual(['GoneException', 410]);
  });

  it('is 410 until $connect has returned', async () => {
    const { opened, open: go } = gate();
    stagehand.answer = () => opened.then(() => ({ statusCode: 200 }));
    const opening = open();
    const id = await connectionOf();
    expect(await refusal(post(id))).toEqual(['GoneException', 410]);
    go();
    const client = await opening;
    await post(id, 'now');
    expect(await client.next()).toBe('now');
  });

  it('is 429 where the quota of the account is used up, and not for long', async () => {
    const client = await open();
    const id = await connectionOf();
    gateway.quota.set({ perSecond: 10, burst: 2 });
    await post(id, 'one');
    await post(id, 'two');
    expect(await refusal(post(id, 'three'))).toEqual(['LimitExceededException', 429]);
    clock.advance(100);
    await post(id, 'four');
    expect([await client.next(), await client.next(), await client.next()]).toEqual(['one', 'two', 'four']);
    gateway.disorder.rates.refusedCalls = 1;
    clock.advance(1_000);
    expect(await refusal(post(id))).toEqual(['LimitExceededException', 429]);
    gateway.disorder.rates.refusedCalls = 0;
  });

  it('takes no more than a message may have', async () => {
    await open();
    const id = await connectionOf();
    expect(await refusal(post(id, 'x'.repeat(131_073)))).toEqual(['PayloadTooLargeException', 413]);
    await post(id, 'x'.repeat(131_072));
  });

  it('is for those alone who sign with a key that is known', async () => {
    const other = new ApiGatewayManagementApiClient({
      region: 'us-east-1',
      endpoint: `${gateway.url}/prod`,
      credentials: { ...KEY, secretAccessKey: 'another' },
      maxAttempts: 1,
    });
    const [, status] = await refusal(other.send(new GetConnectionCommand({ ConnectionId: 'x=' })));
    expect(status).toBe(403);
    other.destroy();
    expect((await fetch(`${gateway.url}/prod/@connections/x=`)).status).toBe(403);
  });

  it('lets functions in, who have a key of their own', async () => {
    await open();
    const [call] = await stagehand.called();
    expect(call?.arn).toBe('arn:aws:lambda:us-east-1:123456789012:function:connect');
  });
});

describe('invocations', () => {
  const invoke = (InvocationType: 'Event' | 'RequestResponse', payload: string, FunctionName = 'other') =>
    lambda.send(new InvokeCommand({ FunctionName, InvocationType, Payload: Buffer.from(payload) }));

  it('are answered with the result, or with the error', async () => {
    stagehand.answer = ({ event }) => ({ took: event });
    const answered = await invoke('RequestResponse', '{"a":1}');
    expect(answered.StatusCode).toBe(200);
    expect(JSON.parse(Buffer.from(answered.Payload ?? []).toString())).toEqual({ took: { a: 1 } });
    stagehand.answer = () => Promise.reject(new Error('wrong'));
    const failed = await invoke('RequestResponse', '{}');
    expect(failed.FunctionError).toBe('Unhandled');
    expect(JSON.parse(Buffer.from(failed.Payload ?? []).toString())).toMatchObject({ errorType: 'TestError' });
  });

  it('as events are answered before they are run', async () => {
    const { opened, open: go } = gate();
    stagehand.answer = () => opened;
    expect((await invoke('Event', '{"a":1}')).StatusCode).toBe(202);
    const [call] = await stagehand.called();
    expect(call?.event).toEqual({ a: 1 });
    go();
  });

  it('of unknown functions and with too much are refused', async () => {
    expect(await refusal(invoke('Event', '{}', 'none'))).toEqual(['ResourceNotFoundException', 404]);
    expect(await refusal(invoke('Event', `"${'x'.repeat(1_048_576)}"`))).toEqual(['RequestTooLargeException', 413]);
    expect((await invoke('RequestResponse', `"${'x'.repeat(1_048_576)}"`)).StatusCode).toBe(200);
  });
});

describe('the HTTP API', () => {
  it('invokes with the payload format 2.0', async () => {
    stagehand.answer = () => ({
      statusCode: 201,
      headers: { 'X-Own': 'a', 'content-type': 'application/json' },
      cookies: ['a=1', 'b=2'],
      body: '{"ok":true}',
    });
    const answered = await fetch(`${gateway.url}/v1/a%20b?x=1&x=2&y=%C3%A4`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: 'one=1; two=2', 'X-Forwarded-For': '203.0.113.9' },
      body: '{"n":"ä"}',
    });
    expect(answered.status).toBe(201);
    expect(answered.headers.get('x-own')).toBe('a');
    expect(answered.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answered.json()).toEqual({ ok: true });
    const [call] = await stagehand.called();
    expect(call?.event).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/v1/a b',
      rawQueryString: 'x=1&x=2&y=%C3%A4',
      cookies: ['one=1', 'two=2'],
      headers: expect.objectContaining({
        host: `127.0.0.1:${gateway.port}`,
        'content-type': 'application/json',
        'x-forwarded-for': '203.0.113.9, 127.0.0.1',
        'x-forwarded-proto': 'https',
      }),
      queryStringParameters: { x: '1,2', y: 'ä' },
      requestContext: {
        accountId: '123456789012',
        apiId: expect.any(String),
        domainName: `127.0.0.1:${gateway.port}`,
        domainPrefix: '127',
        http: {
          method: 'POST',
          path: '/v1/a b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: expect.any(String),
        },
        requestId: expect.any(String),
        routeKey: '$default',
        stage: '$default',
        time: expect.any(String),
        timeEpoch: clock.now(),
      },
      body: '{"n":"ä"}',
      isBase64Encoded: false,
    });
  });

  it('passes other bytes in base64, and takes them so', async () => {
    stagehand.answer = ({ event }) => ({ statusCode: 200, body: event.body, isBase64Encoded: true });
    const bytes = Buffer.from([0, 255, 128]);
    const answered = await fetch(gateway.url, { method: 'PUT', body: bytes });
    expect(Buffer.from(await answered.arrayBuffer())).toEqual(bytes);
    expect((await stagehand.called())[0]?.event).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
  });

  it('takes a result without a status as a body', async () => {
    stagehand.answer = () => ({ hello: 1 });
    const answered = await fetch(gateway.url);
    expect(answered.headers.get('content-type')).toBe('application/json');
    expect(await answered.json()).toEqual({ hello: 1 });
    expect((await stagehand.called())[0]?.event).not.toHaveProperty('body');
  });

  it('is 500 where its function fails, and 413 for what is too large', async () => {
    stagehand.answer = () => Promise.reject(new Error('wrong'));
    const failed = await fetch(gateway.url);
    expect([failed.status, await failed.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    const large = await fetch(gateway.url, { method: 'POST', body: Buffer.alloc(10 * 1_048_576 + 1) });
    expect(large.status).toBe(413);
  });
});

describe('a gateway', () => {
  it('goes on where a function answers with what is no header', async () => {
    stagehand.answer = () => ({ statusCode: 200, headers: { 'X-Fine': 'a', 'no header': 'b' }, body: 'hello' });
    const answered = await fetch(gateway.url);
    expect([answered.status, answered.headers.get('x-fine')]).toEqual([500, null]);
    expect(await answered.json()).toEqual({ message: 'Internal Server Error' });
    expect(faults).toMatchObject([{ code: 'ERR_INVALID_HTTP_TOKEN' }]);
    stagehand.answer = () => ({ statusCode: 200, body: 'hello' });
    expect(await (await fetch(gateway.url)).text()).toBe('hello');
  });

  it('that is stopped invokes nothing any more', async () => {
    const other = await startGateway(stagehand);
    const client = await other.open();
    stagehand.calls.length = 0;
    await other.gateway.stop();
    await client.closed;
    await other.gateway.settled();
    expect(stagehand.calls).toEqual([]);
    expect(other.gateway.lambda.instancesOf('disconnect')).toBe(0);
  });
});

describe('the schedule', () => {
  it('invokes the sweep each minute', async () => {
    for (let minute = 1; minute <= 2; minute += 1) {
      clock.advance(60_000);
      await gateway.settled();
      expect(stagehand.calls.filter(({ functionName }) => functionName === 'sweep')).toHaveLength(minute);
    }
    expect(stagehand.calls[0]?.event).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/u),
    });
  });
});
