import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TokenVerifier } from './auth/tokens.js';
import { type DeploymentOptions, memoryDeployment } from './memory/index.js';
import type { Ids, TelemetryEvent } from './ports/index.js';
import { defaultSettings, type Settings } from './settings.js';

type Answer = { type: string; data: Record<string, unknown>; [extra: string]: unknown };

const START = 1_764_039_600_000;

/** A token here is `<user>` or `<user>:<exp>`, or `bad`. */
const verifier = (now: () => number): TokenVerifier => ({
  verify: async (token) => {
    const [sub = '', exp] = token.split(':');
    if (sub === 'bad') return { ok: false, problem: 'bad', reason: 'bad' };
    const expiry = exp === undefined ? Math.floor(START / 1000) + 100_000 : Number(exp);
    if (expiry * 1000 <= now()) return { ok: false, problem: 'expired', reason: 'expired' };
    return { ok: true, claims: { sub, exp: expiry, scopes: [] } };
  },
});

const settingsWith = (limits: Partial<Settings['limits']>, buckets: Partial<Settings['buckets']> = {}): Settings => ({
  limits: { ...defaultSettings.limits, ...limits },
  buckets: { ...defaultSettings.buckets, ...buckets },
});

const world = (options: Partial<DeploymentOptions> = {}) => {
  let now = START;
  let made = 0;
  const ids: Ids = {
    next: (kind) => {
      made += 1;
      return `${kind}-${made}`;
    },
  };
  const events: TelemetryEvent[] = [];
  const clock = { now: () => now };
  const deployment = memoryDeployment({
    clock,
    ids,
    verifier: verifier(() => now),
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    apiKeys: [{ name: 'crawler', key: 'k', scopes: ['publish', 'admin'] }],
    telemetry: { event: (event) => events.push(event), count: () => undefined, observe: () => undefined },
    ...options,
  });
  const frames = (id: string): Answer[] => deployment.gateway.sentTo(id).map((text) => JSON.parse(text) as Answer);
  return {
    ...deployment,
    events,
    frames,
    advance: async (seconds: number) => {
      now += seconds * 1000;
      await deployment.tick();
    },
    ask: async (id: string, action: string, data: object = {}, requestId = 'r'): Promise<Answer> => {
      await deployment.frame(id, JSON.stringify({ action, data, requestId }));
      const answer = frames(id).findLast((frame) => frame['requestId'] === requestId);
      if (answer === undefined) throw new Error('no answer');
      return answer;
    },
    publish: async (body: object, idempotencyKey?: string) => {
      const credentials = { bearer: undefined, apiKey: 'k', ip: '127.0.0.1' };
      const response = await deployment.call(credentials, {
        call: 'broadcast',
        params: {},
        query: {},
        body: JSON.stringify(body),
        idempotencyKey,
      });
      return { ...response, json: response.body === undefined ? undefined : JSON.parse(response.body) };
    },
    notify: async (body: object, idempotencyKey?: string) => {
      const credentials = { bearer: 'k', apiKey: undefined, ip: '127.0.0.1' };
      const raw = { call: 'notifications', params: {}, query: {}, body: JSON.stringify(body), idempotencyKey } as const;
      const response = await deployment.call(credentials, raw);
      return { ...response, json: JSON.parse(response.body ?? 'null') };
    },
  };
};

const types = (frames: readonly Answer[]): string[] => frames.map((frame) => frame.type);

describe('a frame', () => {
  let w: ReturnType<typeof world>;
  beforeEach(async () => {
    w = world();
    await w.connect('c1', 'alice');
  });

  it('is answered, with its requestId and the position', async () => {
    expect(await w.ask('c1', 'ping')).toMatchObject({
      type: 'pong',
      data: {},
      requestId: 'r',
      lastEventId: expect.stringMatching(/-0$/u),
    });
  });

  it.each([
    ['not JSON', 'nonsense', 'not JSON'],
    ['an unknown action', '{"action":"fly"}', 'Unknown action: fly'],
    ['no action', '{}', 'action'],
    ['data that is no object', '{"action":"ping","data":[]}', 'data'],
    ['a poisoned key', '{"action":"ping","data":{"__proto__":{}}}', '__proto__'],
    ['deep nesting', `{"action":"ping","data":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`, 'nested'],
  ])('that is wrong by %s is told so', async (_, text, words) => {
    await w.frame('c1', text);
    const answer = w.frames('c1').at(-1);
    expect(answer).toMatchObject({ type: 'error', data: { code: 'VALIDATION_ERROR' } });
    expect(String(answer?.data['message'])).toContain(words);
  });

  it('with a misspelt field in a strict action names the nearest one', async () => {
    const answer = await w.ask('c1', 'subscribeToDeals', { filter: {} });
    expect(answer.data['details']).toEqual({
      fields: [{ path: 'data.filter', message: 'unknown field; did you mean filters?' }],
    });
  });

  it('over its bucket is refused with retryAfter, and a flood is closed', async () => {
    w = world({ settings: settingsWith({}, { other: { perMinute: 60, burst: 2 } }) });
    await w.connect('c1', 'alice');
    await w.ask('c1', 'ping');
    await w.ask('c1', 'ping');
    expect((await w.ask('c1', 'ping')).data).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter: 1 } });
    await w.ask('c1', 'ping');
    await w.ask('c1', 'ping');
    expect(w.gateway.closedWith('c1')).toMatchObject({ code: 4029 });
  });

  it('that meets a fault says nothing but an id', async () => {
    const directory = { ...w.ports.directory, subscriptions: () => Promise.reject(new Error('secret detail')) };
    w = world({ ports: { directory } });
    w.ports.directory.open(
      { connectionId: 'x', userId: 'x', connectedAt: 0, tokenExp: 9e9, firstSignIn: 0, scopes: [], ip: '' },
      'm',
    );
    await w.connect('c2', 'bob');
    const answer = await w.ask('c2', 'getStatus');
    expect(answer.data['code']).toBe('INTERNAL_ERROR');
    expect(JSON.stringify(answer)).not.toContain('secret detail');
    expect(w.events.some((event) => event.name === 'internal-error')).toBe(true);
  });
});

describe('chat', () => {
  it('is stored, pushed to every connection of the recipient, and to the sender’s others', async () => {
    const w = world();
    for (const [id, user] of [
      ['a1', 'alice'],
      ['a2', 'alice'],
      ['b1', 'bob'],
      ['b2', 'bob'],
    ] as const)
      await w.connect(id, user);
    const answer = await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: 'hi' });
    expect(answer).toMatchObject({
      type: 'messageSent',
      data: { status: 'delivered', sequence: 1, recipientId: 'bob' },
    });
    for (const id of ['b1', 'b2', 'a2']) expect(types(w.frames(id))).toEqual(['messageReceived']);
    expect(types(w.frames('a1'))).toEqual(['messageSent']);
    const back = await w.ask('b1', 'sendMessage', { recipientId: 'alice', content: 'ho' });
    expect(back.data['sequence']).toBe(2);
  });

  it('waits for who is away, in order, until one acknowledgement', async () => {
    const w = world({ settings: settingsWith({}, { sendMessage: null }) });
    await w.connect('a1', 'alice');
    for (let i = 0; i < 250; i += 1) {
      const answer = await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: String(i) });
      expect(answer.data['status']).toBe('stored');
    }
    await w.connect('b1', 'bob');
    expect(w.frames('b1').map((frame) => frame.data['content'])).toEqual(
      Array.from({ length: 250 }, (_, i) => String(i)),
    );
    const first = w.frames('b1')[0]?.data['messageId'];
    expect(await w.ask('b1', 'notificationAck', { messageId: first })).toMatchObject({
      type: 'notificationAcked',
      data: { type: 'read' },
    });
    await w.ask('b1', 'notificationAck', { messageId: first });
    expect((await w.ask('a1', 'notificationAck', { messageId: first })).data['code']).toBe('VALIDATION_ERROR');
    await w.disconnect('b1');
    await w.connect('b2', 'bob');
    expect(w.frames('b2')).toHaveLength(249);
    expect((await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: 'live' })).data['status']).toBe(
      'delivered',
    );
  });

  it('with a clientMessageId is stored once, and answered with the first id', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const message = { recipientId: 'bob', content: 'hi', clientMessageId: 'm1' };
    const first = await w.ask('a1', 'sendMessage', message);
    const again = await w.ask('a1', 'sendMessage', message);
    expect(again.data).toMatchObject({ messageId: first.data['messageId'], sequence: 1, status: 'stored' });
    const other = await w.ask('a1', 'sendMessage', { ...message, content: 'other' });
    expect(other.data).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { fields: [{ path: 'data.clientMessageId' }] },
    });
    await w.connect('b1', 'bob');
    expect(w.frames('b1')).toHaveLength(1);
  });

  it('keeps the order in which one connection sent, with and without ids of its own', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const record = await w.ports.directory.get('a1');
    if (record === undefined) throw new Error('not open');
    const send = (n: number) => {
      const data = { recipientId: 'bob', content: String(n), ...(n % 2 === 0 ? { clientMessageId: `m${n}` } : {}) };
      return w.engine.frame(record, JSON.stringify({ action: 'sendMessage', data }), 0);
    };
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, n) => send(n)));
    const sequences = outcomes.map(({ reply }) => JSON.parse(reply?.text ?? '').data.sequence);
    expect(sequences).toEqual(Array.from({ length: 16 }, (_, n) => n + 1));
    await w.connect('b1', 'bob');
    expect(w.frames('b1').map((frame) => Number(frame.data['content']))).toEqual(sequences.map((n) => n - 1));
  });

  it('is refused where the mailbox is full, the room unknown, the content too long', async () => {
    const w = world({ settings: settingsWith({ mailbox: 2 }) });
    await w.connect('a1', 'alice');
    await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: '1' });
    await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: '2' });
    expect((await w.ask('a1', 'sendMessage', { recipientId: 'bob', content: '3' })).data['code']).toBe('MESSAGE_ERROR');
    expect((await w.ask('a1', 'sendMessage', { recipientId: 'room:x', content: '3' })).data['code']).toBe(
      'MESSAGE_ERROR',
    );
    expect((await w.ask('a1', 'sendMessage', { recipientId: 'eve', content: 'é'.repeat(4097) })).data['code']).toBe(
      'VALIDATION_ERROR',
    );
  });
});

describe('notifications', () => {
  it('reach each user, with an id of their own, until acknowledged', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const { status, json } = await w.notify({ userIds: ['alice', 'bob'], title: 'T', message: 'M' });
    expect(status).toBe(200);
    expect(json.notificationIds).toHaveLength(2);
    expect(w.frames('a1')[0]).toMatchObject({
      type: 'notification',
      data: { notificationId: json.notificationIds[0], title: 'T', data: {} },
    });
    const ack = await w.ask('a1', 'notificationAck', { notificationId: json.notificationIds[0] });
    expect(ack).toMatchObject({ type: 'ackConfirmed', data: { status: 'read' } });
    await w.connect('a2', 'alice');
    expect(w.frames('a2')).toEqual([]);
    await w.connect('b1', 'bob');
    expect(types(w.frames('b1'))).toEqual(['notification']);
  });

  it('expire', async () => {
    const w = world();
    await w.notify({ userId: 'bob', title: 'T', message: 'M', expiresAt: START / 1000 + 10 });
    await w.advance(11);
    await w.connect('b1', 'bob');
    expect(w.frames('b1')).toEqual([]);
  });

  it('are stored once under a key', async () => {
    const w = world();
    const first = await w.notify({ userId: 'bob', title: 'T', message: 'M' }, 'k1');
    const again = await w.notify({ userId: 'bob', title: 'T', message: 'M' }, 'k1');
    expect(again.json).toEqual(first.json);
    expect(again.replayed).toBe(true);
    expect((await w.notify({ userId: 'bob', title: 'T', message: 'N' }, 'k1')).status).toBe(409);
    await w.advance(86_401);
    const later = await w.notify({ userId: 'bob', title: 'T', message: 'M' }, 'k1');
    expect(later.json.notificationIds).not.toEqual(first.json.notificationIds);
    const both = ['x', 'x', 'y'].map((message) => w.notify({ userId: 'eve', title: 'T', message }, 'k2'));
    expect((await Promise.all(both)).map(({ status, replayed }) => [status, replayed])).toEqual([
      [200, undefined],
      [200, true],
      [409, undefined],
    ]);
    await w.connect('b1', 'bob');
    expect(w.frames('b1')).toHaveLength(2);
  });
});

describe('deals', () => {
  it('reach those whose filters match, once, on the topic and on all-deals', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    await w.connect('b1', 'bob');
    const filters = { category: 'electronics', minDiscount: 20 };
    await w.ask('a1', 'subscribeToDeals', { topic: 'new-deals', filters });
    await w.ask('a1', 'subscribeToDeals', { filters });
    await w.ask('b1', 'subscribeToDeals', { filters: { category: 'toys' } });
    const data = { category: 'electronics' };
    const matching = await w.publish({ topic: 'new-deals', data: { ...data, discountPercentage: 35 } });
    expect(matching.json).toMatchObject({ broadcast: 'success', delivered: 1, total: 1 });
    expect((await w.publish({ topic: 'new-deals', data, filters: { discount: 20 } })).json.total).toBe(1);
    expect((await w.publish({ topic: 'new-deals', data: { ...data, discountPercentage: 10 } })).json.total).toBe(0);
    expect((await w.publish({ topic: 'new-deals', data })).json.total).toBe(0);
    expect(
      (await w.publish({ topic: 'price-updates', messageType: 'priceUpdate', data: { ...data, discount: 50 } })).json
        .total,
    ).toBe(0);
    const pushed = w.frames('a1').filter((frame) => frame.type === 'dealUpdate');
    expect(pushed.map((frame) => frame['topic'])).toEqual(['new-deals', 'new-deals']);
    expect(pushed[0]?.['id']).toBe(matching.json.id);
    expect(pushed.map((frame) => frame['filters'])).toEqual([undefined, { discount: 20 }]);
    expect(types(w.frames('b1'))).toEqual(['subscriptionConfirmed']);
  });

  it('that were missed are sent again, then what came meanwhile, in order', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const { data } = await w.ask('a1', 'subscribeToDeals', { topic: 't', filters: { ok: true } });
    await w.disconnect('a1');
    const list = Array.from({ length: 700 }, (_, i) => ({ topic: 't', data: { n: i, ok: i % 2 === 0 } }));
    expect((await w.publish(list)).json).toHaveLength(700);
    await w.connect('a2', 'alice');
    const asked = w.ask('a2', 'subscribeToDeals', {
      topic: 't',
      filters: { ok: true },
      lastEventId: data['lastEventId'],
    });
    const live = w.publish({ topic: 't', data: { n: 700, ok: true } });
    const confirmed = await asked;
    await live;
    expect(confirmed.data).toMatchObject({ recovered: true, lastEventId: data['lastEventId'] });
    const frames = w.frames('a2');
    const recovered = frames.findIndex((frame) => frame.type === 'subscriptionRecovered');
    const again = frames.slice(1, recovered);
    expect(frames[recovered]?.data['replayed']).toBe(again.length);
    expect(again.every((frame) => frame['replay'] === confirmed.data['subscriptionId'])).toBe(true);
    const ns = frames.filter((frame) => frame.type === 'dealUpdate').map((frame) => frame.data['n']);
    expect(ns).toEqual(Array.from({ length: 351 }, (_, i) => i * 2));
  });

  it('are promised to a second subscription from where it was confirmed, also while a first is in replay', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const { data } = await w.ask('a1', 'subscribeToDeals', { topic: 'a' });
    await w.publish({ topic: 'a', data: { n: 1 } });
    await w.disconnect('a1');
    await w.connect('a2', 'alice');
    const record = await w.ports.directory.get('a2');
    if (record === undefined) throw new Error('not open');
    const subscribe = (topic: string, lastEventId: unknown) =>
      w.engine.frame(record, JSON.stringify({ action: 'subscribeToDeals', data: { topic, lastEventId } }), 0);
    const first = await subscribe('a', data['lastEventId']);
    await w.publish({ topic: 'b', data: { n: 2 } });
    const second = await subscribe('b', data['lastEventId']);
    await w.publish({ topic: 'b', data: { n: 3 } });
    const seen: unknown[] = [];
    const pages = [...(first.next ?? []), ...(second.next ?? [])];
    for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
      const outcome = await w.engine.resume(record, page);
      for (const { frame } of outcome.pushes ?? []) seen.push(JSON.parse(frame.text).data.n);
      pages.push(...(outcome.next ?? []));
    }
    seen.push(...w.frames('a2').map((frame) => frame.data['n']));
    expect(seen.filter((n) => n !== undefined)).toEqual([1, 2, 3]);
  });

  it('that are held for a subscription that ends are not sent', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const { data } = await w.ask('a1', 'subscribeToDeals', { topic: 'a' });
    const record = await w.ports.directory.get('a1');
    if (record === undefined) throw new Error('not open');
    w.gateway.hold('a1');
    await w.publish({ topic: 'a', data: { n: 1 } });
    await w.ask('a1', 'unsubscribeFromDeals', { topic: 'a' });
    const at = { kind: 'catchup', after: 0 } as const;
    const rest = await w.engine.resume(record, at);
    expect(rest.next).toEqual([{ kind: 'catchup', after: 0, until: 1 }]);
    expect(types(w.frames('a1'))).toEqual(['subscriptionConfirmed', 'unsubscriptionConfirmed']);
    expect(data['subscriptionId']).toBeDefined();
  });

  it('that are more than a hold may keep are read from the log', async () => {
    const w = world({ heldBytes: 1_000 });
    await w.connect('a1', 'alice');
    const { data } = await w.ask('a1', 'subscribeToDeals', { topic: 't' });
    await w.disconnect('a1');
    await w.publish(Array.from({ length: 600 }, (_, i) => ({ topic: 't', data: { n: i } })));
    await w.connect('a2', 'alice');
    const asked = w.ask('a2', 'subscribeToDeals', { topic: 't', lastEventId: data['lastEventId'] });
    for (let i = 0; i < 50; i += 1) await w.publish({ topic: 't', data: { n: 600 + i } });
    await asked;
    const ns = w
      .frames('a2')
      .filter((frame) => frame.type === 'dealUpdate')
      .map((frame) => frame.data['n']);
    expect(ns).toEqual(Array.from({ length: 650 }, (_, i) => i));
  });

  it('tell what is lost', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const epoch = await w.ask('a1', 'subscribeToDeals', { lastEventId: 'other-5' });
    expect(epoch.data).toMatchObject({ recovered: false, lost: { reason: 'epoch', oldest: null } });
    expect((await w.ask('a1', 'subscribeToDeals', { lastEventId: 'nonsense' })).data['code']).toBe('VALIDATION_ERROR');
  });

  it('that are trimmed while a replay is on its way are told', async () => {
    const w = world();
    await w.publish(Array.from({ length: 600 }, (_, i) => ({ topic: 't', data: { n: i } })));
    await w.connect('a1', 'alice');
    const record = await w.ports.directory.get('a1');
    if (record === undefined) throw new Error('not open');
    const first = w.ports.streams.idOf(0);
    const data = { topic: 't', lastEventId: first };
    const begun = await w.engine.frame(record, JSON.stringify({ action: 'subscribeToDeals', data }), 0);
    expect(JSON.parse(begun.reply?.text ?? '').data.recovered).toBe(true);
    const [page] = begun.next ?? [];
    if (page === undefined) throw new Error('no page');
    const one = await w.engine.resume(record, page);
    await w.ports.streams.trim({ before: 0, keep: 10, limit: 1_000 });
    const [second] = one.next ?? [];
    if (second === undefined) throw new Error('no page');
    const two = await w.engine.resume(record, second);
    expect(two.pushes).toHaveLength(1);
    const recovered = JSON.parse(two.pushes?.[0]?.frame.text ?? '');
    const { idOf } = w.ports.streams;
    const lost = { reason: 'retention', oldest: idOf(591) };
    expect(recovered).toMatchObject({ data: { replayed: 256, lastEventId: idOf(590), lost } });
    const [third] = two.next ?? [];
    if (third === undefined) throw new Error('no page');
    const three = await w.engine.resume(record, third);
    expect(JSON.parse(three.pushes?.at(-1)?.frame.text ?? '')).toMatchObject({
      type: 'subscriptionRecovered',
      data: { replayed: 266, lastEventId: idOf(600) },
    });
    const late = await w.engine.resume(record, { kind: 'catchup', after: 300, until: 600 });
    expect(late).toEqual({ close: { code: 4008 } });
  });

  it('cannot be subscribed to half', async () => {
    const { streams } = world().ports;
    const w = world({ ports: { streams: { ...streams, locate: () => Promise.reject(new Error('down')) } } });
    await w.connect('a1', 'alice');
    const answer = await w.ask('a1', 'subscribeToDeals', { topic: 't', lastEventId: 'x-1' });
    expect(answer.data['code']).toBe('SUBSCRIPTION_ERROR');
    expect((await w.ask('a1', 'getStatus')).data['subscriptions']).toEqual([]);
  });

  it('under a key are published once', async () => {
    const w = world();
    const first = await w.publish({ data: { n: 1 } }, 'k');
    const again = await w.publish({ data: { n: 1 } }, 'k');
    expect(again.json.id).toBe(first.json.id);
    expect(again.replayed).toBe(true);
    expect((await w.publish({ data: { n: 2 } }, 'k')).status).toBe(409);
  });

  it('of a wrong shape are refused whole, with the path', async () => {
    const w = world();
    const { status, json } = await w.publish([{ data: {} }, { data: {}, topik: 'x' }, {}]);
    expect(status).toBe(400);
    expect(json.data.details.fields).toEqual([
      { path: '1.topik', message: 'unknown field; did you mean topic?' },
      { path: '2.data', message: 'is required' },
    ]);
    expect((await w.publish({ messageType: 'pong', data: {} })).json.data.details.fields[0].path).toBe('messageType');
    expect((await w.publish({ data: { a: 'x'.repeat(131_072) } })).status).toBe(413);
    expect(await w.ports.streams.top()).toBe(0);
  });

  it('end with the subscription', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const { data } = await w.ask('a1', 'subscribeToDeals', { topic: 't' });
    const same = await w.ask('a1', 'subscribeToDeals', { topic: 't', filters: {} });
    expect(same.data['subscriptionId']).toBe(data['subscriptionId']);
    const { subscriptionId } = data;
    expect((await w.ask('a1', 'unsubscribeFromDeals', { subscriptionId })).data).toEqual({
      topic: 't',
      subscriptionId,
    });
    expect((await w.ask('a1', 'unsubscribeFromDeals', { subscriptionId })).data['code']).toBe('SUBSCRIPTION_ERROR');
    expect((await w.ask('a1', 'unsubscribeFromDeals', { topic: 't' })).data).toEqual({ topic: 't' });
    expect((await w.ask('a1', 'unsubscribeFromDeals', { topic: 't', subscriptionId })).data['code']).toBe(
      'VALIDATION_ERROR',
    );
    expect((await w.publish({ topic: 't', data: {} })).json.total).toBe(0);
  });
});

describe('a token', () => {
  const exp = START / 1000 + 600;

  it('is warned of, expires, and is closed after the grace', async () => {
    const w = world();
    await w.connect('a1', `alice:${exp}`);
    await w.advance(541);
    expect(w.frames('a1')).toMatchObject([{ type: 'tokenExpiring', data: { expiresAt: exp } }]);
    await w.advance(60);
    expect((await w.ask('a1', 'ping')).data['code']).toBe('AUTHENTICATION_ERROR');
    expect((await w.ask('a1', 'refreshToken')).data['code']).toBe('AUTHENTICATION_ERROR');
    await w.advance(30);
    expect(w.gateway.closedWith('a1')).toEqual({ code: 4001 });
  });

  it('that is refreshed in the grace time brings what was missed, and nothing before', async () => {
    const w = world();
    await w.connect('a1', `alice:${exp}`);
    await w.connect('b1', 'bob');
    await w.ask('a1', 'subscribeToDeals', { topic: 't' });
    await w.advance(541);
    await w.advance(60);
    await w.publish({ topic: 't', data: { n: 1 } });
    expect((await w.ask('b1', 'sendMessage', { recipientId: 'alice', content: 'hi' })).data['status']).toBe('stored');
    expect(types(w.frames('a1'))).toEqual(['subscriptionConfirmed', 'tokenExpiring']);
    expect((await w.ask('a1', 'refreshToken', { token: 'bob' })).data['code']).toBe('AUTHORIZATION_ERROR');
    expect((await w.ask('a1', 'refreshToken', { token: 'bad' })).data['code']).toBe('AUTHENTICATION_ERROR');
    const refreshed = await w.ask('a1', 'refreshToken', { token: `alice:${exp + 900}` });
    expect(refreshed).toMatchObject({ type: 'tokenRefreshed', data: { expiresAt: exp + 900 } });
    expect(types(w.frames('a1')).slice(-2).sort()).toEqual(['dealUpdate', 'messageReceived']);
    await w.advance(60);
    expect(w.gateway.closedWith('a1')).toBeUndefined();
    expect((await w.ask('a1', 'ping')).type).toBe('pong');
  });

  it('is issued where the deployment does that, never past 24 hours after the first sign-in', async () => {
    const w = world({ issuer: { issue: async ({ sub, exp: until }) => `${sub}:${until}` } });
    await w.connect('a1', `alice:${START / 1000 + 86_000}`);
    const issued = await w.ask('a1', 'refreshToken');
    expect(issued.data).toEqual({ token: `alice:${START / 1000 + 3600}`, expiresAt: START / 1000 + 3600 });
    await w.advance(3500);
    for (let hour = 0; hour < 24; hour += 1) {
      const { data } = await w.ask('a1', 'refreshToken');
      expect(Number(data['expiresAt'])).toBeLessThanOrEqual(START / 1000 + 86_400);
      await w.advance(3400);
    }
  });

  it('is needed to come in', async () => {
    const w = world();
    expect(await w.connect('c', undefined)).toMatchObject({ accepted: false, status: 401 });
    expect(await w.connect('c', 'bad')).toMatchObject({ accepted: false, status: 401 });
    expect(await w.connect('c', 'alice:1')).toMatchObject({ accepted: false, status: 401 });
  });
});

describe('connections', () => {
  it('of one client take over', async () => {
    const w = world();
    await w.connect('a1', 'alice', 'tab');
    await w.connect('a2', 'alice', 'other');
    await w.connect('b1', 'bob', 'tab');
    await w.connect('a3', 'alice', 'tab');
    expect(w.gateway.closedWith('a1')).toEqual({ code: 4010 });
    expect(w.gateway.closedWith('a2')).toBeUndefined();
    expect(w.gateway.closedWith('b1')).toBeUndefined();
  });

  it('are limited per user, in all, and in their rate', async () => {
    const w = world({
      settings: settingsWith({ connectionsPerUser: 2, connections: 3 }, { connect: { perMinute: 60, burst: 4 } }),
    });
    await w.connect('a1', 'alice', 'tab');
    await w.connect('a2', 'alice');
    expect(await w.connect('a3', 'alice')).toMatchObject({ accepted: false, status: 429 });
    expect(await w.connect('a4', 'alice', 'tab')).toMatchObject({ accepted: true });
    expect(await w.connect('b1', 'bob')).toMatchObject({ accepted: false, status: 503 });
    expect(await w.connect('a5', 'alice')).toMatchObject({ accepted: false, status: 429 });
  });

  it('are listed and closed by an administrator', async () => {
    const w = world();
    await w.connect('a1', 'alice');
    const admin = { bearer: 'k', apiKey: undefined, ip: '' };
    const raw = { params: {}, query: {}, body: undefined, idempotencyKey: undefined };
    const listed = await w.call(admin, { ...raw, call: 'listConnections', query: { userId: 'alice' } });
    expect(JSON.parse(listed.body ?? '')).toEqual({
      items: [{ connectionId: 'a1', userId: 'alice', connectedSince: START / 1000 }],
    });
    expect((await w.call(admin, { ...raw, call: 'listConnections' })).status).toBe(400);
    expect((await w.call(admin, { ...raw, call: 'closeConnection', params: { id: 'a1' } })).status).toBe(204);
    expect(w.gateway.closedWith('a1')).toEqual({ code: 4003 });
    expect((await w.call(admin, { ...raw, call: 'closeConnection', params: { id: 'zz' } })).status).toBe(404);
    const user = { bearer: 'alice', apiKey: undefined, ip: '' };
    expect((await w.call(user, { ...raw, call: 'listConnections', query: { userId: 'alice' } })).status).toBe(403);
    const nobody = { bearer: undefined, apiKey: undefined, ip: '' };
    expect((await w.call(nobody, { ...raw, call: 'listConnections' })).status).toBe(401);
  });
});
