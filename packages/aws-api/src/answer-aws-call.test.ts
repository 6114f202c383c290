import { defaultLimits } from '@aideals/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsAnswer } from './answer.js';
import { type AwsCallOptions, answerAwsCall } from './answer-aws-call.js';
import type { ConnectionFacts, Posted } from './connections.js';
import type { Invocation } from './functions.js';
import type { AwsRequest } from './request.js';
import { parseAmzDate } from './sigv4/amz-date.js';
import { RECORDED_KEY, recordedRequests } from './testing/recorded-requests.js';
import { SIGNER_KEY, SIGNER_NOW, type Signing, sign } from './testing/sign.js';

const OPENED = Date.UTC(2026, 10, 25, 11, 0, 0, 250);

let open: Map<string, ConnectionFacts>;
let posts: [string, string][];
let invoked: [string, string][];
let busy: boolean;
let result: Invocation;

beforeEach(() => {
  const facts = { connectedAt: OPENED, lastActiveAt: OPENED + 60_000, sourceIp: '192.0.2.7', userAgent: 'test' };
  open = new Map([['L0SM9cOFvHcCIhw=', facts]]);
  posts = [];
  invoked = [];
  busy = false;
  result = { payload: '{"statusCode":200}' };
});

const options: AwsCallOptions = {
  keys: (id) => ({ [SIGNER_KEY.accessKeyId]: SIGNER_KEY.secret, [RECORDED_KEY.accessKeyId]: RECORDED_KEY.secret })[id],
  stage: 'prod',
  connections: {
    get: async (id) => open.get(id),
    post: async (id, text): Promise<Posted> => {
      if (!open.has(id)) return 'gone';
      if (busy) return 'busy';
      posts.push([id, text]);
      return 'sent';
    },
    delete: async (id) => open.delete(id),
  },
  functions: {
    invoke: async (name, payload) => {
      if (name !== 'broadcast') return undefined;
      invoked.push([name, payload]);
      return result;
    },
  },
  now: () => SIGNER_NOW,
};

const answer = async (request: AwsRequest, changed: Partial<AwsCallOptions> = {}): Promise<AwsAnswer> => {
  const answered = await answerAwsCall(request, { ...options, ...changed });
  if (answered === undefined) throw new Error(`${request.rawPath} was not taken for a call`);
  return answered;
};

const connection = (signing: Partial<Signing> = {}): AwsRequest =>
  sign({
    rawPath: '/prod/@connections/L0SM9cOFvHcCIhw%3D',
    canonicalPath: '/prod/%40connections/L0SM9cOFvHcCIhw%253D',
    ...signing,
  });

const invocation = (name: string, signing: Partial<Signing> = {}): AwsRequest => {
  const rawName = encodeURIComponent(name);
  return sign({
    method: 'POST',
    service: 'lambda',
    rawPath: `/2015-03-31/functions/${rawName}/invocations`,
    canonicalPath: `/2015-03-31/functions/${encodeURIComponent(rawName)}/invocations`,
    ...signing,
  });
};

const parsed = ({ body }: AwsAnswer): unknown => JSON.parse(body ?? 'null');

describe('paths', () => {
  it.each([
    '/',
    '/v1/broadcast',
    '/@connections',
    '/@connections/',
    '//@connections/a',
    '/a/b/@connections/c',
    '/prod/@connections/a/b',
    '/@connections/%FF',
    '/2015-03-31/functions/broadcast',
    '/2015-03-31/functions//invocations',
    '/2014-11-13/functions/broadcast/invoke-async',
  ])('leaves %s to others', async (rawPath) => {
    expect(await answerAwsCall(sign({ rawPath, canonicalPath: '/' }), options)).toBeUndefined();
  });

  it('takes connections with the stage, without it, and with the @ encoded', async () => {
    expect(await answer(connection())).toMatchObject({ status: 200 });
    const bare = { rawPath: '/@connections/L0SM9cOFvHcCIhw=', canonicalPath: '/%40connections/L0SM9cOFvHcCIhw%3D' };
    expect(await answer(connection(bare))).toMatchObject({ status: 200 });
    const encoded = {
      rawPath: '/%40connections/L0SM9cOFvHcCIhw=',
      canonicalPath: '/%2540connections/L0SM9cOFvHcCIhw%3D',
    };
    expect(await answer(connection(encoded))).toMatchObject({ status: 200 });
  });

  it('forbids another stage', async () => {
    const dev = { rawPath: '/dev/@connections/a', canonicalPath: '/dev/%40connections/a' };
    const answered = await answer(connection(dev));
    expect(answered).toMatchObject({ status: 403, headers: { 'x-amzn-ErrorType': 'ForbiddenException' } });
    expect(parsed(answered)).toEqual({ message: 'Forbidden' });
  });

  it('tells which methods there are', async () => {
    const put = await answer(connection({ method: 'PUT' }));
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, POST, DELETE' } });
    const get = await answer(invocation('broadcast', { method: 'GET' }));
    expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });
});

describe('signatures', () => {
  it.each([
    ['unsigned', connection({}), undefined, 'MissingAuthenticationTokenException'],
    [
      'of an unknown key',
      connection({ key: { ...SIGNER_KEY, accessKeyId: 'AKIDX' } }),
      '',
      'UnrecognizedClientException',
    ],
    ['of another secret', connection({ key: { ...SIGNER_KEY, secret: 'x' } }), '', 'InvalidSignatureException'],
    ['for the other service', connection({ service: 'lambda' }), '', 'InvalidSignatureException'],
    ['too old', connection({ date: '20261125T115459Z' }), '', 'InvalidSignatureException'],
    ['from the future', connection({ date: '20261125T120501Z' }), '', 'InvalidSignatureException'],
  ])('refuses a request that is %s', async (_title, request, authorization, type) => {
    const given =
      authorization === undefined ? { ...request, headers: { ...request.headers, authorization } } : request;
    const answered = await answer(given);
    expect(answered).toMatchObject({
      status: 403,
      headers: { 'x-amzn-ErrorType': type, 'content-type': 'application/json' },
    });
    expect(parsed(answered)).toEqual({ message: expect.any(String) });
    expect(posts).toEqual([]);
  });

  it('tells a caller without a signature nothing of what there is', async () => {
    const unsigned = async (request: AwsRequest) =>
      answer({ ...request, headers: { ...request.headers, authorization: undefined } });
    const known = await unsigned(connection());
    open.clear();
    expect(await unsigned(connection())).toEqual(known);
    expect(await unsigned(connection({ rawPath: '/dev/@connections/a' }))).toEqual(known);
    expect(await unsigned(connection({ method: 'PUT' }))).toEqual(known);
    expect(await unsigned(invocation('nothing'))).toEqual(known);
  });
});

describe('@connections', () => {
  it('tells of a connection, with times in ISO 8601', async () => {
    const answered = await answer(connection());
    expect(answered.headers).toEqual({ 'content-type': 'application/json' });
    expect(parsed(answered)).toEqual({
      connectedAt: '2026-11-25T11:00:00.250Z',
      identity: { sourceIp: '192.0.2.7', userAgent: 'test' },
      lastActiveAt: '2026-11-25T11:01:00.250Z',
    });
  });

  it('posts a text as it came', async () => {
    const body = ' {"title":"Grüße 👋"}\n';
    expect(await answer(connection({ method: 'POST', body }))).toEqual({ status: 200, headers: {}, body: undefined });
    expect(posts).toEqual([['L0SM9cOFvHcCIhw=', body]]);
  });

  it('closes', async () => {
    expect(await answer(connection({ method: 'DELETE' }))).toEqual({ status: 204, headers: {}, body: undefined });
    expect(open.size).toBe(0);
  });

  it.each(['GET', 'POST', 'DELETE'])('says on %s that a connection is gone', async (method) => {
    open.clear();
    const answered = await answer(connection({ method }));
    expect(answered).toMatchObject({ status: 410, headers: { 'x-amzn-ErrorType': 'GoneException' } });
    expect(parsed(answered)).toEqual({ message: 'Gone' });
  });

  it('refuses data over the size of a message', async () => {
    const body = Buffer.alloc(defaultLimits.messageBytes, 'a');
    expect(await answer(connection({ method: 'POST', body }))).toMatchObject({ status: 200 });
    const answered = await answer(connection({ method: 'POST', body: Buffer.concat([body, body.subarray(0, 1)]) }));
    expect(answered).toMatchObject({ status: 413, headers: { 'x-amzn-ErrorType': 'PayloadTooLargeException' } });
    expect(parsed(answered)).toEqual({ message: expect.stringContaining('131073 bytes') });
    expect(posts).toHaveLength(1);
  });

  it('keeps to the limits that it is given', async () => {
    const limits = { messageBytes: 3, bodyBytes: 3 };
    expect(await answer(connection({ method: 'POST', body: 'four' }), { limits })).toMatchObject({ status: 413 });
    expect(await answer(invocation('broadcast', { body: '[12]' }), { limits })).toMatchObject({ status: 413 });
  });

  it('refuses data that is not UTF-8', async () => {
    const answered = await answer(connection({ method: 'POST', body: Buffer.from([0xff]) }));
    expect(answered).toMatchObject({ status: 400, headers: { 'x-amzn-ErrorType': 'BadRequestException' } });
  });

  it('says that a reader is too slow', async () => {
    busy = true;
    const answered = await answer(connection({ method: 'POST', body: 'a' }));
    expect(answered).toMatchObject({ status: 429, headers: { 'x-amzn-ErrorType': 'LimitExceededException' } });
  });

  it('passes on what the connections reject with', async () => {
    const connections = { ...options.connections, get: () => Promise.reject(new Error('the store is away')) };
    await expect(answer(connection(), { connections })).rejects.toThrow('the store is away');
  });
});

describe('invoke', () => {
  const BODY = '{"data":{"title":"Deal"}}';
  const event = { headers: { 'x-amz-invocation-type': 'Event' } };

  it('runs an Event and answers 202 without a body', async () => {
    const answered = await answer(invocation('broadcast', { body: BODY, ...event }));
    expect(answered).toEqual({ status: 202, headers: {}, body: undefined });
    expect(invoked).toEqual([['broadcast', BODY]]);
  });

  it('answers what the function returned', async () => {
    expect(await answer(invocation('broadcast', { body: BODY }))).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json', 'X-Amz-Executed-Version': '$LATEST' },
      body: '{"statusCode":200}',
    });
  });

  it('answers with the error that the function ended with, but not to an Event', async () => {
    result = { error: { errorType: 'TypeError', errorMessage: 'data is required' } };
    const answered = await answer(invocation('broadcast', { body: BODY }));
    expect(answered).toMatchObject({ status: 200, headers: { 'X-Amz-Function-Error': 'Unhandled' } });
    expect(parsed(answered)).toEqual({ errorType: 'TypeError', errorMessage: 'data is required' });
    expect(await answer(invocation('broadcast', { body: BODY, ...event }))).toMatchObject({ status: 202, headers: {} });
  });

  it('queues an Event where there is a queue', async () => {
    const queued: string[] = [];
    const queue = (name: string, payload: string) => {
      if (name === 'broadcast') queued.push(payload);
      return name === 'broadcast';
    };
    const functions = { ...options.functions, queue };
    const answered = await answer(invocation('broadcast', { body: BODY, ...event }), { functions });
    expect(answered).toEqual({ status: 202, headers: {}, body: undefined });
    expect(await answer(invocation('nothing', event), { functions })).toMatchObject({ status: 404 });
    expect(queued).toEqual([BODY]);
    expect(invoked).toEqual([]);
  });

  it('takes less of an Event where that is asked for', async () => {
    const limits = { ...defaultLimits, eventBytes: BODY.length - 1 };
    expect(await answer(invocation('broadcast', { body: BODY, ...event }), { limits })).toMatchObject({ status: 413 });
    expect(await answer(invocation('broadcast', { body: BODY }), { limits })).toMatchObject({ status: 200 });
  });

  it('says that a function runs as often as it may', async () => {
    result = { throttled: 'ReservedFunctionConcurrentInvocationLimitExceeded' };
    const answered = await answer(invocation('broadcast'));
    expect(answered).toMatchObject({ status: 429, headers: { 'x-amzn-ErrorType': 'TooManyRequestsException' } });
    expect(parsed(answered)).toMatchObject({ Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' });
  });

  it.each([
    'broadcast',
    'broadcast:$LATEST',
    '123456789012:function:broadcast',
    'arn:aws:lambda:us-east-1:123456789012:function:broadcast',
    'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:broadcast:$LATEST',
  ])('knows the function by %s', async (name) => {
    expect(await answer(invocation(name))).toMatchObject({ status: 200 });
    expect(invoked).toEqual([['broadcast', '{}']]);
  });

  it.each([
    ['nothing', '', 'nothing'],
    ['broadcast:live', '', 'broadcast:live'],
    ['broadcast', 'Qualifier=1', 'broadcast:1'],
  ])('does not know %s?%s', async (name, rawQuery, told) => {
    const answered = await answer(invocation(name, { rawQuery }));
    expect(answered).toMatchObject({ status: 404, headers: { 'x-amzn-ErrorType': 'ResourceNotFoundException' } });
    expect(parsed(answered)).toEqual({ Type: 'User', Message: `Function not found: ${told}` });
    expect(invoked).toEqual([]);
  });

  it.each([
    ['a name that is none', invocation('a/b'), 400, 'InvalidParameterValueException'],
    ['two qualifiers', invocation('broadcast:1', { rawQuery: 'Qualifier=2' }), 400, 'InvalidParameterValueException'],
    [
      'another invocation type',
      invocation('broadcast', { headers: { 'x-amz-invocation-type': 'DryRun' } }),
      400,
      'InvalidParameterValueException',
    ],
    ['a payload that is not JSON', invocation('broadcast', { body: '{' }), 400, 'InvalidRequestContentException'],
    [
      'a payload that is not UTF-8',
      invocation('broadcast', { body: Buffer.from([0x22, 0xff, 0x22]) }),
      400,
      'InvalidRequestContentException',
    ],
    [
      'a payload over the limit',
      invocation('broadcast', { body: `"${'a'.repeat(defaultLimits.bodyBytes)}"` }),
      413,
      'RequestTooLargeException',
    ],
  ])('refuses %s', async (_title, request, status, type) => {
    const answered = await answer(request);
    expect(answered).toMatchObject({ status, headers: { 'x-amzn-ErrorType': type } });
    expect(parsed(answered)).toEqual({ Type: 'User', message: expect.any(String) });
    expect(invoked).toEqual([]);
  });
});

describe('the calls of real tools', () => {
  it.each(recordedRequests)('$by', async (recorded) => {
    const now = () => parseAmzDate(recorded.headers['x-amz-date']?.[0] ?? '') ?? 0;
    const body = Buffer.from(recorded.body, 'base64');
    const answered = await answer({ ...recorded, body }, { now });
    if (recorded.rawPath.includes(':live') || recorded.rawPath.includes('%3Alive')) {
      expect(answered.headers['x-amzn-ErrorType']).toBe('InvalidParameterValueException');
    } else if (recorded.rawPath.includes('/functions/')) {
      const isEvent = recorded.headers['x-amz-invocation-type']?.[0] === 'Event';
      expect(answered.status).toBe(isEvent ? 202 : 200);
      expect(invoked).toEqual([['broadcast', body.toString()]]);
    } else if (recorded.rawPath.endsWith('L0SM9cOFvHcCIhw%3D')) {
      expect(answered.status).toBe(200);
      if (recorded.method === 'POST') expect(posts).toEqual([['L0SM9cOFvHcCIhw=', body.toString()]]);
    } else {
      expect(answered.status).toBe(410);
    }
  });
});
