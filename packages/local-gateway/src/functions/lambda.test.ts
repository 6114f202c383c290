import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.js';
import { Disorder, type DisorderRates } from '../disorder.js';
import { fixture, gate, remoteFile, Stagehand } from '../testing/stagehand.js';
import type { Breach, FunctionOptions, Ran } from './function.js';
import { Lambda, type LambdaOptions } from './lambda.js';

let stagehand: Stagehand;
beforeAll(async () => {
  stagehand = await Stagehand.start();
});
afterAll(() => stagehand.stop());

let lambda: Lambda;
let clock: ManualClock;
let breaches: Breach[];
let lines: string[];
let heard: (() => void) | undefined;
afterEach(async () => {
  await lambda.stop();
  stagehand.calls.length = 0;
  stagehand.answer = () => ({ statusCode: 200 });
});

const start = (
  functions: readonly (Partial<FunctionOptions> & { name: string })[],
  rates: Partial<DisorderRates> = {},
  more: Partial<LambdaOptions> = {},
): void => {
  clock = new ManualClock();
  breaches = [];
  lines = [];
  heard = undefined;
  lambda = new Lambda({
    region: 'us-east-1',
    accountId: '123456789012',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    clock,
    disorder: new Disorder(rates),
    functions: functions.map((each) => ({ file: remoteFile, env: { TEST_URL: stagehand.url }, ...each })),
    reports: {
      line: (name, line) => lines.push(`${name}: ${line}`),
      breach: (breach) => {
        breaches.push(breach);
        heard?.();
      },
    },
    ...more,
  });
};

const odd = (more: Partial<FunctionOptions> = {}) => ({ name: 'odd', file: fixture('odd.mjs'), ...more });
const run = (way: string, more: object = {}): Promise<Ran | undefined> =>
  lambda.invoke('odd', JSON.stringify({ way, ...more }));
const resultOf = (ran: Ran | undefined): Record<string, unknown> =>
  JSON.parse((ran as { payload: string }).payload) as Record<string, unknown>;

describe('an instance', () => {
  it('is used again, with what its module kept', async () => {
    start([odd()]);
    const first = resultOf(await run('count'));
    expect(first['served']).toBe(1);
    expect(resultOf(await run('count'))['served']).toBe(2);
    expect(lambda.instancesOf('odd')).toBe(1);
  });

  it('is a new one each time where every start is cold', async () => {
    start([odd()], { coldStarts: 1 });
    for (let n = 0; n < 3; n += 1) expect(resultOf(await run('count'))['served']).toBe(1);
  });

  it('serves one invocation at a time: two at once need two', async () => {
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([{ name: 'remote' }]);
    const both = [lambda.invoke('remote', '{}'), lambda.invoke('remote', '{}')];
    expect((await stagehand.called(2)).map(({ invocations }) => invocations)).toEqual([1, 1]);
    expect(lambda.instancesOf('remote')).toBe(2);
    open();
    await Promise.all(both);
  });

  it('knows its own variables and Lambda’s, and none of this process', async () => {
    start([odd({ env: { JWT_SECRET: 'x', EMPTY: undefined } })]);
    process.env['NOT_THE_FUNCTIONS'] = '1';
    const env = resultOf(await run('count'))['env'] as Record<string, string>;
    delete process.env['NOT_THE_FUNCTIONS'];
    expect(env).toMatchObject({
      JWT_SECRET: 'x',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'odd',
      AWS_ACCESS_KEY_ID: 'AKID',
    });
    expect(env).not.toHaveProperty('NOT_THE_FUNCTIONS');
    expect(env).not.toHaveProperty('EMPTY');
  });

  it('is told of its invocation', async () => {
    start([odd({ timeoutMs: 5_000 })]);
    const context = resultOf(await run('context'));
    expect(context).toMatchObject({
      functionName: 'odd',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:odd',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/u),
    });
    expect(context['remaining']).toBeGreaterThan(1_000);
    expect(context['remaining']).toBeLessThanOrEqual(5_000);
  });

  it('is made of the new code after a reload', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aideals-gateway-'));
    const file = join(folder, 'index.mjs');
    writeFileSync(file, 'export const handler = async () => 1;');
    start([odd({ file })]);
    expect(await run('')).toEqual({ payload: '1' });
    writeFileSync(file, 'export const handler = async () => 2;');
    expect(await run('')).toEqual({ payload: '1' });
    lambda.reload('odd');
    expect(await run('')).toEqual({ payload: '2' });
    rmSync(folder, { recursive: true });
  });
});

it('what a function writes is told line by line', async () => {
  start([odd()]);
  await run('log');
  await run('throw');
  expect(lines).toEqual(['odd: a line']);
});

describe('an invocation that fails', () => {
  it.each([
    ['throw', { errorType: 'TypeError', errorMessage: 'wrong on purpose' }],
    ['exit', { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit code 3') }],
    ['crash', { errorType: 'Error', errorMessage: 'nobody caught this' }],
  ])('by %s', async (way, error) => {
    start([odd()]);
    expect(await run(way)).toMatchObject({ error });
    expect(resultOf(await run('count'))['served']).toBe(1);
  });

  it('since its module does', async () => {
    start([
      { name: 'a', file: fixture('unloadable.mjs') },
      { name: 'b', file: fixture('handlerless.mjs') },
    ]);
    expect(await lambda.invoke('a', '{}')).toMatchObject({ error: { errorType: 'RangeError' } });
    expect(await lambda.invoke('b', '{}')).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound' } });
  });

  it('by taking too long: its instance is ended', async () => {
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([{ name: 'remote', timeoutMs: 3_000 }]);
    const ran = lambda.invoke('remote', '{}', 'id');
    await stagehand.called();
    clock.advance(2_999);
    expect(lambda.instancesOf('remote')).toBe(1);
    clock.advance(1);
    expect(await ran).toEqual({
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'RequestId: id Error: Task timed out after 3.00 seconds' },
    });
    expect(lambda.instancesOf('remote')).toBe(0);
    open();
  });

  it('by loading for too long: it is begun again, within its time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aideals-gateway-'));
    const file = join(folder, 'index.mjs');
    writeFileSync(
      file,
      `await (await fetch(process.env['TEST_URL'], { method: 'POST', body: '{}' })).text();\nexport const handler = async () => 1;`,
    );
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([odd({ file, timeoutMs: 3_000 })]);
    const ran = lambda.invoke('odd', '{}', 'id');
    await stagehand.called();
    clock.advance(10_000);
    await stagehand.called(2);
    clock.advance(3_000);
    expect(await ran).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } });
    expect(lambda.instancesOf('odd')).toBe(0);
    open();
    expect(await lambda.invoke('odd', '{}')).toEqual({ payload: '1' });
    rmSync(folder, { recursive: true });
  });

  it('since Lambda has been stopped: no instance is started', async () => {
    start([odd()]);
    await lambda.stop();
    expect(await run('count')).toMatchObject({ error: { errorType: 'ServiceException' } });
    expect([lambda.instancesOf('odd'), lambda.queue('odd', '{}')]).toEqual([0, false]);
  });

  it('by answering with more than may be', async () => {
    start([odd()]);
    expect(await run('large', { bytes: 6_291_556 - 2 })).toHaveProperty('payload');
    expect(await run('large', { bytes: 6_291_556 })).toMatchObject({
      error: { errorType: 'Function.ResponseSizeTooLarge' },
    });
    expect(await run('nothing')).toEqual({ payload: 'null' });
  });

  it('since there is no such function', async () => {
    start([]);
    expect(await lambda.invoke('none', '{}')).toBeUndefined();
    expect(lambda.queue('none', '{}')).toBe(false);
  });
});

describe('concurrency', () => {
  it('past what is reserved is refused', async () => {
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([{ name: 'remote', reservedConcurrency: 1 }]);
    const first = lambda.invoke('remote', '{}');
    await stagehand.called();
    expect(await lambda.invoke('remote', '{}')).toEqual({
      throttled: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    open();
    expect(await first).toHaveProperty('payload');
    expect(await lambda.invoke('remote', '{}')).toHaveProperty('payload');
  });

  it('past what the account has is refused, and past what the machine bears it waits', async () => {
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([{ name: 'remote' }], {}, { accountConcurrency: 1 });
    const first = lambda.invoke('remote', '{}');
    await stagehand.called();
    expect(await lambda.invoke('remote', '{}')).toEqual({ throttled: 'ConcurrentInvocationLimitExceeded' });
    open();
    await first;
    await lambda.stop();

    stagehand.calls.length = 0;
    start([{ name: 'remote' }], {}, { atOnce: 1 });
    const all = [lambda.invoke('remote', '{}'), lambda.invoke('remote', '{}'), lambda.invoke('remote', '{}')];
    expect((await Promise.all(all)).every((ran) => ran !== undefined && 'payload' in ran)).toBe(true);
    expect(stagehand.calls.map(({ invocations }) => invocations)).toEqual([1, 2, 3]);
  });
});

it('a caller waits for the function, and not for a place for it on this machine', async () => {
  const [first, second] = [gate(), gate()];
  stagehand.answer = ({ event }) => (event.n === 1 ? first.opened : second.opened);
  start([{ name: 'remote', timeoutMs: 600_000 }], {}, { atOnce: 1 });
  const waits = [lambda.invokeWithin(1_000, 'remote', '{"n":1}'), lambda.invokeWithin(1_000, 'remote', '{"n":2}')];
  await stagehand.called(1);
  clock.advance(999);
  first.open();
  expect(await waits[0]).toMatchObject({ payload: expect.any(String) });
  await stagehand.called(2);
  clock.advance(999);
  clock.advance(1);
  expect(await waits[1]).toBe('late');
  second.open();
  expect(await lambda.invokeWithin(1_000, 'nothing', '{}')).toBeUndefined();
});

it('events leave places to those whose answer is waited for', async () => {
  const { open, opened } = gate();
  stagehand.answer = ({ event }) => (event.isEvent === true ? opened : 'answered');
  start([{ name: 'remote' }], {}, { atOnce: 2 });
  for (let n = 0; n < 3; n += 1) lambda.queue('remote', '{"isEvent":true}');
  await stagehand.called();
  expect(await lambda.invoke('remote', '{}')).toEqual({ payload: '"answered"' });
  expect(stagehand.calls).toHaveLength(2);
  open();
  await lambda.settled();
  expect(stagehand.calls).toHaveLength(4);
});

describe('an event', () => {
  it('that fails is tried twice more, after one minute and two, under its first id', async () => {
    stagehand.answer = () => {
      throw new Error('not now');
    };
    start([{ name: 'remote' }]);
    expect(lambda.queue('remote', '{"n":1}')).toBe(true);
    await lambda.settled();
    clock.advance(59_999);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(1);
    clock.advance(1);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(2);
    clock.advance(120_000);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(3);
    clock.advance(6 * 3_600_000);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(3);
    expect(new Set(stagehand.calls.map(({ requestId }) => requestId)).size).toBe(1);
    expect(stagehand.calls.map(({ event }) => event)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
  });

  it.each([
    ['no retries', { retries: 0 }],
    ['no more than half a minute', { maxEventAgeMs: 30_000 }],
  ])('that fails is not tried again where it has %s', async (_title, more) => {
    stagehand.answer = () => Promise.reject(new Error('not now'));
    start([{ name: 'remote', ...more }]);
    lambda.queue('remote', '{}');
    await lambda.settled();
    clock.advance(3_600_000);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(1);
  });

  it('that is throttled waits, and is tried for hours', async () => {
    start([{ name: 'remote', reservedConcurrency: 0 }]);
    lambda.queue('remote', '{}');
    await lambda.settled();
    clock.advance(1_000);
    await lambda.settled();
    clock.advance(2_000);
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(0);
  });

  it('comes twice where it is to', async () => {
    start([{ name: 'remote' }], { duplicateEvents: 1 });
    lambda.queue('remote', '{}');
    await lambda.settled();
    expect(stagehand.calls).toHaveLength(2);
    expect(stagehand.calls[0]?.requestId).toBe(stagehand.calls[1]?.requestId);
  });
});

describe('the freeze', () => {
  const unawaited = { name: 'unawaited', file: fixture('unawaited.mjs') };
  const breach = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve;
      if (breaches.length > 0) resolve();
    });

  it.each([
    ['request', /^did not wait for POST 127\.0\.0\.1/u],
    ['fetch', /^did not wait for POST http:\/\/127\.0\.0\.1/u],
    ['timer', /^left a timer|^sent a request|^opened a connection/u],
    ['calculation', /^left a timer/u],
    ['chain', /^left a timer|^set an immediate|^set a timer/u],
  ])('shows what was not waited for: a %s', async (way, what) => {
    const { open, opened } = gate();
    stagehand.answer = () => opened;
    start([unawaited]);
    expect(await lambda.invoke('unawaited', JSON.stringify({ way }), 'the-request')).toHaveProperty('payload');
    await breach();
    expect(breaches[0]).toMatchObject({
      functionName: 'unawaited',
      requestId: 'the-request',
      what: expect.stringMatching(what),
    });
    open();
  });

  it('says after which invocation it was', async () => {
    start([unawaited]);
    await lambda.invoke('unawaited', '{"way":"none"}', 'first');
    await lambda.invoke('unawaited', '{"way":"calculation"}', 'second');
    await breach();
    await lambda.invoke('unawaited', '{"way":"none"}', 'third');
    expect(breaches.map(({ requestId }) => requestId)).toEqual(['second']);
  });

  it('shows nothing where all was waited for', async () => {
    start([unawaited]);
    for (let n = 0; n < 5; n += 1) await lambda.invoke('unawaited', '{"way":"none"}');
    expect(breaches).toEqual([]);
    expect(stagehand.calls).toHaveLength(10);
  });
});
