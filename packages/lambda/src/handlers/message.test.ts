import { createHash } from 'node:crypto';
import { defaultSettings, type TelemetryEvent } from '@aideals/core';
import { memoryDeployment } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { type ApplyOptions, createApply } from '../apply.js';
import type { MessageEvent } from '../event.js';
import { openingResult, readConnect } from '../greeting.js';
import { connectEvent, messageEvent, TIME } from '../testing/events.js';
import { managementApi } from '../testing/gateway.js';
import { createMessages, type MessageOptions } from './message.js';

const EXP = Math.floor(TIME / 1000) + 3_600;

type HandlerOptions = Omit<MessageOptions, 'apply' | 'engine'> &
  Omit<ApplyOptions, 'engine'> & { engine: MessageOptions['engine'] & ApplyOptions['engine'] };

type Frame = { type: string; data: Record<string, unknown>; requestId?: string; replay?: string };

interface WorldOptions {
  readonly messageBytes?: number;
  /** Of the bucket that pays for all actions but sending and subscribing. */
  readonly perMinute?: number;
  /** What is to work otherwise than it does. */
  readonly change?: (options: HandlerOptions) => Partial<HandlerOptions>;
}

/** The real engine over memory, behind what API Gateway shows. A token here is the name of a user. */
const world = ({ messageBytes, perMinute, change = () => ({}) }: WorldOptions = {}) => {
  const api = managementApi();
  const events: TelemetryEvent[] = [];
  let made = 0;
  const { limits, buckets } = defaultSettings;
  const deployment = memoryDeployment({
    clock: { now: () => TIME },
    ids: {
      next: (kind) => {
        made += 1;
        return `${kind}-${made}`;
      },
    },
    verifier: { verify: async (token) => ({ ok: true, claims: { sub: token, exp: EXP, scopes: ['publish'] } }) },
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    telemetry: { event: (event) => events.push(event), count: () => undefined, observe: () => undefined },
    settings: {
      limits: { ...limits, messageBytes: messageBytes ?? limits.messageBytes },
      buckets: { ...buckets, ...(perMinute === undefined ? {} : { other: { perMinute, burst: perMinute } }) },
    },
    ports: { gateway: api.gateway },
  });
  const { engine } = deployment;
  const records = deployment.ports.directory;
  const given: HandlerOptions = {
    engine,
    records,
    directory: {
      load: async (connectionId) => {
        const record = await records.get(connectionId);
        return record === undefined ? undefined : { record, handover: 'ended' };
      },
      beginHandover: async () => false,
    },
    post: api.post,
    close: api.close,
    ports: deployment.ports,
    hasTime: () => true,
    goOnLater: async () => false,
    invocationId: () => 'i',
    missed: async () => ({ after: 0, until: 0 }),
  };
  const options = { ...given, ...change(given) };
  const handler = createMessages({ ...options, apply: createApply(options) });

  const connect = async (connectionId: string, user: string): Promise<void> => {
    const event = connectEvent({ 'Sec-WebSocket-Protocol': `aideals.v1, aideals.token.${user}` });
    const greeting = readConnect({ ...event, requestContext: { ...event.requestContext, connectionId } });
    if (!greeting.ok) throw new Error('refused');
    const opening = await engine.open(greeting.handshake);
    const result = openingResult(opening, greeting.selected);
    expect(result).toEqual({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'aideals.v1' } });
    api.open(connectionId);
  };

  const send = async (event: MessageEvent) => {
    const result = await handler.message(event);
    const body = result.body === undefined ? undefined : (JSON.parse(result.body) as Frame);
    return { statusCode: result.statusCode, body };
  };

  const publish = async (title: string): Promise<string> => {
    const credentials = { bearer: 'crawler', apiKey: undefined, ip: '192.0.2.1' };
    const body = JSON.stringify({ data: { title } });
    const call = { call: 'broadcast', params: {}, query: {}, body, idempotencyKey: undefined } as const;
    const answered = await engine.call(credentials, call);
    return (JSON.parse(answered.body ?? '') as { id: string }).id;
  };

  return {
    api,
    events,
    records,
    connect,
    send,
    publish,
    ask: (connectionId: string, action: string, data: object = {}) =>
      send(messageEvent(connectionId, JSON.stringify({ action, data, requestId: 'r' }), action)),
    inbox: (connectionId: string) => api.inbox(connectionId).map((text) => JSON.parse(text) as Frame),
  };
};

const connected = async (options?: WorldOptions) => {
  const made = world(options);
  await made.connect('a', 'alice');
  return made;
};

describe('a message', () => {
  it('is answered by the body of the result', async () => {
    const { ask, inbox } = await connected();
    expect(await ask('a', 'ping')).toEqual({
      statusCode: 200,
      body: { type: 'pong', data: {}, requestId: 'r', timestamp: Math.floor(TIME / 1000) },
    });
    expect((await ask('a', 'getStatus')).body).toMatchObject({ data: { connectionId: 'a', userId: 'alice' } });
    expect(inbox('a')).toEqual([]);
  });

  it('finds its action by itself, whatever the route', async () => {
    const { send } = await connected();
    const unknown = await send(messageEvent('a', '{"action":"nope","requestId":"r"}', '$default'));
    expect(unknown.body).toMatchObject({ type: 'error', requestId: 'r', data: { code: 'VALIDATION_ERROR' } });
    expect((await send(messageEvent('a', 'no JSON'))).body).toMatchObject({ data: { code: 'VALIDATION_ERROR' } });
    const ping = messageEvent('a', Buffer.from('{"action":"ping"}').toString('base64'));
    expect((await send({ ...ping, isBase64Encoded: true })).body).toMatchObject({ type: 'pong' });
  });

  it('of a connection that is not known is told so', async () => {
    const { ask, send } = world();
    expect(await ask('nobody', 'ping')).toMatchObject({
      statusCode: 200,
      body: { type: 'error', requestId: 'r', data: { code: 'CONNECTION_ERROR' } },
    });
    const body = (await send(messageEvent('nobody', '{"requestId":7}'))).body;
    expect(body).toMatchObject({ type: 'error', data: { code: 'CONNECTION_ERROR' } });
    expect(body).not.toHaveProperty('requestId');
  });

  it('changes the record for those that follow', async () => {
    const { ask, records } = await connected();
    await records.patch('a', { tokenExp: EXP - 3_000 });
    expect((await ask('a', 'refreshToken', { token: 'alice' })).body).toMatchObject({ data: { expiresAt: EXP } });
    expect(await records.get('a')).toMatchObject({ tokenExp: EXP });
  });
});

describe('a resume', () => {
  const resumed = async () => {
    const made = await connected();
    const first = await made.publish('seen');
    for (const title of ['one', 'two']) await made.publish(title);
    return { ...made, resume: () => made.ask('a', 'subscribeToDeals', { lastEventId: first }) };
  };

  it('is confirmed before what was missed, and ended after it, within the invocation', async () => {
    const { resume, inbox } = await resumed();
    expect(await resume()).toEqual({ statusCode: 200, body: undefined });
    const frames = inbox('a');
    expect(frames.map(({ type }) => type)).toEqual([
      'subscriptionConfirmed',
      'dealUpdate',
      'dealUpdate',
      'subscriptionRecovered',
    ]);
    expect(frames[0]).toMatchObject({ requestId: 'r', data: { recovered: true } });
    expect(frames.slice(1, 3).map(({ data }) => data['title'])).toEqual(['one', 'two']);
    expect(frames[1]?.replay).toBe(frames[0]?.data['subscriptionId']);
    expect(frames[3]).toMatchObject({ data: { replayed: 2 } });
  });

  it('stops where the connection is gone', async () => {
    const { resume, api } = await resumed();
    api.drop('a');
    expect(await resume()).toEqual({ statusCode: 200, body: undefined });
    expect(api.inbox('a')).toEqual([]);
    expect(api.deleted).toEqual([]);
  });
});

const notice = (code: string, details: object) =>
  expect.objectContaining({ type: 'error', data: expect.objectContaining({ code, details }) });

describe('a close', () => {
  it('of a connection that floods comes after the reply and a notice', async () => {
    const { ask, inbox, api } = await connected({ perMinute: 1 });
    const answers: (Frame | undefined)[] = [];
    while (api.deleted.length === 0 && answers.length < 10) answers.push((await ask('a', 'ping')).body);
    expect(api.deleted).toEqual(['a']);
    expect(answers.at(-2)).toMatchObject({ requestId: 'r', data: { code: 'RATE_LIMIT_EXCEEDED' } });
    expect(answers.at(-1)).toBeUndefined();
    const [reply, last] = inbox('a');
    expect(reply).toMatchObject({ requestId: 'r', data: { code: 'RATE_LIMIT_EXCEEDED' } });
    const retryAfter = expect.any(Number);
    expect(last).toEqual(notice('RATE_LIMIT_EXCEEDED', { closeCode: 4029, retryAfter }));
    expect(last).not.toHaveProperty('requestId');
  });

  it('of a message over the limit is announced with 1009', async () => {
    const { ask, inbox, api } = await connected({ messageBytes: 20 });
    expect(await ask('a', 'ping')).toEqual({ statusCode: 200, body: undefined });
    expect(inbox('a')).toEqual([notice('VALIDATION_ERROR', { closeCode: 1009 })]);
    expect(api.deleted).toEqual(['a']);
  });

  it('of a message that is not UTF-8 is announced with 1007', async () => {
    const { send, inbox, api } = await connected();
    const body = Buffer.of(0x22, 0xff, 0x22).toString('base64');
    const sent = await send({ ...messageEvent('a', body), isBase64Encoded: true });
    expect(sent).toEqual({ statusCode: 200, body: undefined });
    expect(inbox('a')).toEqual([notice('VALIDATION_ERROR', { closeCode: 1007 })]);
    expect(api.deleted).toEqual(['a']);
  });
});

describe('a fault', () => {
  const away = () => Promise.reject(new Error('the table is away'));
  const isTold = (body: Frame | undefined, events: readonly TelemetryEvent[], where: string): void => {
    expect(body).toMatchObject({ type: 'error', requestId: 'r', data: { code: 'INTERNAL_ERROR' } });
    expect(JSON.stringify(body)).not.toContain('table');
    const details = body?.data['details'];
    expect(events).toEqual([expect.objectContaining({ name: 'internal-error', where, ...(details as object) })]);
  };

  it('in reading the record is told with nothing but an id', async () => {
    const { ask, events, api } = await connected({
      change: ({ directory }) => ({ directory: { ...directory, load: away } }),
    });
    isTold((await ask('a', 'ping')).body, events, 'route ping');
    expect(api.deleted).toEqual([]);
  });

  it('in keeping the record is told instead of the reply', async () => {
    const { ask, events } = await connected({ change: ({ records }) => ({ records: { ...records, patch: away } }) });
    isTold((await ask('a', 'refreshToken', { token: 'alice' })).body, events, 'route refreshToken');
  });

  it('in posting the reply is told by the body', async () => {
    const made = await connected({ change: () => ({ post: away }) });
    const lastEventId = await made.publish('seen');
    isTold((await made.ask('a', 'subscribeToDeals', { lastEventId })).body, made.events, 'route subscribeToDeals');
  });

  it('after the reply closes the connection, so that the client comes back for the rest', async () => {
    const made = await connected({
      change: ({ engine }) => ({ engine: { ...engine, resume: away } }),
    });
    const lastEventId = await made.publish('seen');
    const sent = await made.ask('a', 'subscribeToDeals', { lastEventId });
    expect(sent).toEqual({ statusCode: 200, body: undefined });
    const [confirmed, last] = made.inbox('a');
    expect(confirmed).toMatchObject({ type: 'subscriptionConfirmed', requestId: 'r' });
    expect(last).toEqual(notice('INTERNAL_ERROR', { closeCode: 1011 }));
    expect(made.api.deleted).toEqual(['a']);
    expect(made.events).toMatchObject([{ name: 'internal-error', where: 'what follows on route subscribeToDeals' }]);
  });

  it('in that close as well is reported, and the invocation ends', async () => {
    const made = await connected({
      change: ({ engine }) => ({
        engine: { ...engine, resume: away },
        close: away,
      }),
    });
    const lastEventId = await made.publish('seen');
    expect(await made.ask('a', 'subscribeToDeals', { lastEventId })).toMatchObject({ statusCode: 200 });
    expect(made.events.map((event) => 'where' in event && event.where)).toEqual([
      'what follows on route subscribeToDeals',
      'close',
    ]);
  });

  it('in a push to someone else leaves the sender its reply', async () => {
    const outcome = { reply: { text: '{"type":"done"}' }, pushes: [{ to: ['b'], frame: { text: '{}' } }] };
    const made = await connected({
      change: ({ engine }) => ({ engine: { ...engine, frame: () => outcome, resume: away }, post: away }),
    });
    expect(await made.ask('a', 'ping')).toEqual({ statusCode: 200, body: { type: 'done' } });
    expect(made.events).toHaveLength(1);
    expect(made.api.deleted).toEqual([]);
  });
});
