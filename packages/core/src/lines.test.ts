import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Line, LinesOpening } from './engine-api.js';
import { memoryDeployment } from './memory/index.js';
import type { Ids } from './ports/index.js';
import { defaultSettings } from './settings.js';

const deployment = (publish: { perMinute: number; burst: number } | null = null) => {
  let made = 0;
  const ids: Ids = {
    next: (kind) => {
      made += 1;
      return `${kind}-${made}`;
    },
  };
  const { engine, ports } = memoryDeployment({
    clock: { now: () => 1_764_039_600_000 },
    ids,
    verifier: { verify: async () => ({ ok: false, problem: 'bad', reason: 'bad' }) },
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    apiKeys: [
      { name: 'crawler', key: 'k', scopes: ['publish'] },
      { name: 'reader', key: 'r', scopes: ['admin'] },
    ],
    settings: { ...defaultSettings, buckets: { ...defaultSettings.buckets, publish } },
  });
  return {
    open: (options: { key?: string; query?: Record<string, string>; idempotencyKey?: string } = {}) =>
      engine.lines(
        { bearer: undefined, apiKey: options.key ?? 'k', ip: '127.0.0.1' },
        { call: 'broadcast', query: options.query ?? {}, idempotencyKey: options.idempotencyKey },
      ),
    logged: async () => (await ports.streams.read({ after: 0, limit: 100 })).events.map(({ data }) => data['n']),
  };
};

const intakeOf = (opening: LinesOpening) => {
  if (!opening.ok) throw new Error(opening.response.body);
  return opening.intake;
};

const event = (number: number, more: object = {}): Line => ({
  number,
  text: JSON.stringify({ topic: 't', data: { n: number }, ...more }),
});

const bodyOf = (response: { body: string | undefined } | undefined) => JSON.parse(response?.body ?? 'null');

describe('a stream of lines', () => {
  it('is published list by list, in its order, and summed up', async () => {
    const { open, logged } = deployment();
    const intake = intakeOf(await open());
    expect(await intake.take([event(1), event(2)])).toBeUndefined();
    expect(await logged()).toEqual([1, 2]);
    expect(await intake.take([event(4)])).toBeUndefined();
    const { status, body } = intake.end();
    expect(status).toBe(200);
    expect(JSON.parse(body ?? '')).toMatchObject({
      published: 3,
      delivered: 0,
      total: 0,
      firstId: expect.stringMatching(/-1$/u),
      lastId: expect.stringMatching(/-3$/u),
      failed: 0,
      errors: [],
    });
  });

  it.each<[string, Line, number, RegExp]>([
    ['is not JSON', { number: 3, text: 'oops' }, 400, /^line 3: not JSON/u],
    ['could not be read', { number: 3, problem: 'is not UTF-8' }, 400, /^line 3: is not UTF-8/u],
    ['has an unknown field', event(3, { topik: 'x' }), 400, /^line 3: topik: unknown field; did you mean topic\?/u],
    ['has a type of the server’s own', event(3, { messageType: 'pong' }), 400, /^line 3: messageType: /u],
    ['is too large', event(3, { data: { text: 'x'.repeat(131_072) } }), 413, /^line 3: data: makes a message over/u],
    ['is a list', { number: 3, text: '[{"data":{}}]' }, 400, /^line 3: /u],
  ])('ends at the first line that %s, after what stands before it', async (_, wrong, status, message) => {
    const { open, logged } = deployment();
    const intake = intakeOf(await open());
    await intake.take([event(1)]);
    const ended = await intake.take([event(2), wrong, event(4)]);
    expect(ended?.status).toBe(status);
    expect(bodyOf(ended).data).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringMatching(message),
      details: { line: 3, published: 2, delivered: 0, total: 0, fields: [expect.any(Object)] },
    });
    expect(await logged()).toEqual([1, 2]);
  });

  it('leaves wrong lines out where it is told to, and names the first hundred', async () => {
    const { open, logged } = deployment();
    const intake = intakeOf(await open({ query: { keepGoing: 'true' } }));
    await intake.take([event(1), { number: 2, text: '{' }, event(3)]);
    await intake.take(Array.from({ length: 120 }, (_, n) => ({ number: 4 + n, text: '7' })));
    const summary = bodyOf(intake.end());
    expect(summary).toMatchObject({ published: 2, failed: 121, errors: expect.any(Array) });
    expect(summary.errors).toHaveLength(100);
    expect(summary.errors[0]).toEqual({ line: 2, message: 'not JSON' });
    expect(await logged()).toEqual([1, 3]);
  });

  it('under a key is published once, however often it comes', async () => {
    const { open, logged } = deployment();
    const send = async (idempotencyKey: string, lists: Line[][]) => {
      const intake = intakeOf(await open({ idempotencyKey }));
      for (const list of lists) await intake.take(list);
      return bodyOf(intake.end());
    };
    // Cut off after the first list.
    await send('a', [[event(1), event(2)]]);
    const whole = [[event(1), event(2)], [event(3)]];
    const first = await send('a', whole);
    expect(await send('a', whole)).toEqual(first);
    expect(await logged()).toEqual([1, 2, 3]);
    await send('b', [[event(4)]]);
    expect(await logged()).toEqual([1, 2, 3, 4]);
    const intake = intakeOf(await open({ idempotencyKey: 'a' }));
    expect(await intake.take([event(9)])).toMatchObject({ status: 409 });
  });

  it('pays for each list, and tells at which line it ended', async () => {
    const { open, logged } = deployment({ perMinute: 1, burst: 1 });
    const intake = intakeOf(await open());
    await intake.take([event(1), event(2)]);
    const ended = await intake.take([event(3)]);
    expect(ended).toMatchObject({ status: 429, retryAfter: expect.any(Number) });
    expect(bodyOf(ended).data.details).toMatchObject({ line: 3, published: 2, retryAfter: expect.any(Number) });
    expect(await logged()).toEqual([1, 2]);
  });

  it('is refused before it is read', async () => {
    const { open } = deployment();
    const statusOf = async (options: Parameters<typeof open>[0]) => {
      const opening = await open(options);
      return opening.ok ? 200 : opening.response.status;
    };
    expect(await statusOf({ key: 'unknown' })).toBe(401);
    expect(await statusOf({ key: 'r' })).toBe(403);
    expect(await statusOf({ query: { keepGoing: 'maybe' } })).toBe(400);
    expect(await statusOf({ idempotencyKey: 'x'.repeat(256) })).toBe(400);
    expect(intakeOf(await open()).end().status).toBe(400);
  });
});
