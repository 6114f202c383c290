import { describe, expect, it } from 'vitest';
import { backoffMillis, retryAfterMillis } from './backoff.js';
import { createSender, Refusal, Unreachable } from './sender.js';

type Answer = Response | Error | (() => Response | Promise<Response>);

const receipt = { published: 2, delivered: 1, total: 2 };
const ok = (): Response => Response.json({ ...receipt, firstId: 'e-1', lastId: 'e-2', failed: 0, errors: [] });
const messageFor = (details: object = {}): string => ('line' in details ? `line ${details.line}: no` : 'no');
const error = (status: number, code: string, details?: object, headers?: Record<string, string>): Response =>
  Response.json(
    { type: 'error', data: { code, message: messageFor(details), ...(details ? { details } : {}) }, timestamp: 1 },
    headers ? { status, headers } : { status },
  );

/** A server that answers what it was given, and a clock that only sleeping moves. */
const scene = (answers: Answer[], patienceMillis = 60_000) => {
  const requests: { url: string; headers: Headers; body: string }[] = [];
  const retries: [string, number][] = [];
  const stop = new AbortController();
  let now = 1_000_000;
  const sender = createSender({
    base: 'http://deals.test',
    authorization: async () => ({ authorization: `Bearer t${requests.length}` }),
    patienceMillis,
    signal: stop.signal,
    onRetry: (reason, wait) => retries.push([reason, wait]),
    fetch: async (url, init) => {
      requests.push({ url: String(url), headers: new Headers(init?.headers), body: String(init?.body) });
      const answer = answers.shift();
      if (answer === undefined) throw new Error('the test gave no further answer');
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer() : answer;
    },
    sleep: async (millis) => {
      now += millis;
    },
    now: () => now,
    random: () => 1,
  });
  return { sender, requests, retries, stop };
};

describe('sending events', () => {
  it('posts them as lines with a key and the credentials, and hands back what became of them', async () => {
    const { sender, requests } = scene([ok()]);
    expect(await sender.send(['{"data":{}}', '{"data":{"a":1}}'])).toEqual(receipt);
    expect(requests[0]).toMatchObject({
      url: 'http://deals.test/v1/broadcast',
      body: '{"data":{}}\n{"data":{"a":1}}',
    });
    expect(requests[0]?.headers.get('content-type')).toBe('application/x-ndjson');
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer t0');
    expect(requests[0]?.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/u);
  });

  it('is tried again under the same key after 429, 503 and a broken connection, with fresh credentials', async () => {
    const broken = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
    const { sender, requests, retries } = scene([
      error(429, 'RATE_LIMIT_EXCEEDED', undefined, { 'retry-after': '3' }),
      error(503, 'CONNECTION_ERROR'),
      broken,
      ok(),
    ]);
    await sender.send(['{}']);
    expect(new Set(requests.map((request) => request.headers.get('idempotency-key'))).size).toBe(1);
    expect(requests.map((request) => request.headers.get('authorization'))).toEqual([
      'Bearer t0',
      'Bearer t1',
      'Bearer t2',
      'Bearer t3',
    ]);
    expect(retries).toEqual([
      ['the server answered 429', 3_500],
      ['the server answered 503', 1_000],
      ['connect ECONNREFUSED 127.0.0.1:1', 2_000],
    ]);
  });

  it('takes another key for another list', async () => {
    const { sender, requests } = scene([ok(), ok()]);
    await sender.send(['{}']);
    await sender.send(['{}']);
    expect(requests[0]?.headers.get('idempotency-key')).not.toBe(requests[1]?.headers.get('idempotency-key'));
  });

  it('gives up when its patience would not last, and says after how many tries', async () => {
    const { sender } = scene(
      [error(503, 'CONNECTION_ERROR'), error(503, 'CONNECTION_ERROR'), error(503, 'CONNECTION_ERROR')],
      1_600,
    );
    await expect(sender.send(['{}'])).rejects.toThrow(
      new Unreachable('http://deals.test: the server answered 503; gave up after 3 tries'),
    );
  });

  it('does not wait at all for a Retry-After beyond its patience', async () => {
    const { sender, retries } = scene([error(429, 'RATE_LIMIT_EXCEEDED', undefined, { 'retry-after': '3600' })]);
    await expect(sender.send(['{}'])).rejects.toBeInstanceOf(Unreachable);
    expect(retries).toEqual([]);
  });

  it('is refused with the event that the server named by its line', async () => {
    const details = { line: 2, published: 1, delivered: 3, total: 4, fields: [{ path: 'topic', message: 'no' }] };
    const { sender } = scene([error(400, 'VALIDATION_ERROR', details), error(403, 'AUTHORIZATION_ERROR', { line: 1 })]);
    const refusal = await sender.send(['{}', '{}', '{}']).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 400,
      message: 'the server answered 400 VALIDATION_ERROR: line 2: no',
      wrong: { index: 1, problem: 'no', before: { published: 1, delivered: 3, total: 4 } },
    });
    // What is wrong with the publisher is wrong with no line.
    await expect(sender.send(['{}'])).rejects.toMatchObject({ status: 403, wrong: undefined });
  });

  it.each([
    [new Response('<html>', { status: 404 }), 'the server answered 404'],
    [new Response(null, { status: 302, headers: { location: '/login' } }), 'the server answered 302'],
    [Response.json({ hello: 'world' }), 'what answers at http://deals.test is no aideals server'],
  ])('is refused by what is no such server', async (response, message) => {
    await expect(scene([response]).sender.send(['{}'])).rejects.toThrow(message);
  });

  it('stops at once when it is told to', async () => {
    const { sender, stop } = scene([
      () => {
        stop.abort(new Error('interrupted'));
        throw new TypeError('fetch failed');
      },
    ]);
    await expect(sender.send(['{}'])).rejects.toThrow('interrupted');
  });
});

describe('Retry-After', () => {
  it.each([
    [null, undefined],
    ['0', 0],
    ['7', 7_000],
    ['Wed, 25 Nov 2026 00:00:10 GMT', 10_000],
    ['Wed, 25 Nov 2026 00:00:00 GMT', 0],
    ['soon', undefined],
    ['1.5', undefined],
    ['-3', undefined],
  ])('%s', (header, millis) => {
    expect(retryAfterMillis(header, Date.UTC(2026, 10, 25))).toBe(millis);
  });
});

describe('the backoff', () => {
  it('doubles to a bound, with full jitter', () => {
    expect([0, 1, 2, 9].map((attempt) => backoffMillis(attempt, () => 1))).toEqual([500, 1_000, 2_000, 15_000]);
    expect(backoffMillis(3, () => 0)).toBe(0);
  });
});

describe('a server that takes no stream', () => {
  const events = (count: number): string[] => Array.from({ length: count }, (_, n) => `{"data":{"n":${n}}}`);
  const list = (count: number): Response =>
    Response.json(Array.from({ length: count }, () => ({ broadcast: 'success', id: 'e-1', delivered: 1, total: 2 })));
  const noStream = (): Response => error(415, 'VALIDATION_ERROR');

  it('is sent lists from then on, none longer than one may be', async () => {
    const { sender, requests } = scene([noStream(), list(1000), list(1), list(2)]);
    expect(await sender.send(events(1001))).toEqual({ published: 1001, delivered: 1001, total: 2002 });
    expect(await sender.send(events(2))).toEqual({ published: 2, delivered: 2, total: 4 });
    expect(requests.map(({ headers }) => headers.get('content-type'))).toEqual([
      'application/x-ndjson',
      'application/json',
      'application/json',
      'application/json',
    ]);
    expect((JSON.parse(requests[1]?.body ?? '') as unknown[]).length).toBe(1000);
    expect(JSON.parse(requests[2]?.body ?? '')).toEqual([{ data: { n: 1000 } }]);
    expect(new Set(requests.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(4);
  });

  it('tells which event is wrong, and has what stands before it', async () => {
    const fields = [{ path: '1.messageType', message: 'is a type of the server’s own' }];
    const { sender, requests } = scene([noStream(), list(1000), error(400, 'VALIDATION_ERROR', { fields }), list(1)]);
    const refusal = (await sender.send(events(1003)).catch((caught: unknown) => caught)) as Refusal;
    expect(refusal.wrong).toEqual({
      index: 1001,
      problem: 'messageType: is a type of the server’s own',
      before: { published: 1001, delivered: 1001, total: 2002 },
    });
    expect(JSON.parse(requests[3]?.body ?? '')).toEqual([{ data: { n: 1000 } }]);
  });

  it('is no aideals server where it answers anything else', async () => {
    const { sender } = scene([noStream(), Response.json({ ok: true })]);
    await expect(sender.send(events(1))).rejects.toThrow(/is no aideals server/u);
  });
});
