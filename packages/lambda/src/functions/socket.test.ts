import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { InvocationContext, OwnEvent } from '../event.js';
import { compose } from '../runtime/compose.js';
import { connectEvent, messageEvent } from '../testing/events.js';
import { type LocalAws, startLocalAws } from '../testing/local-aws.js';
import { socketFunctions } from './socket.js';

type Frame = { type: string; data: Record<string, unknown>; requestId?: string; id?: string; replay?: string };

let aws: LocalAws;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
  aws = await startLocalAws();
});
afterAll(() => aws.stop());

let made = 0;
const fresh = (name: string): string => {
  made += 1;
  return `${name}-${made}=`;
};

const context = (): InvocationContext => ({
  awsRequestId: fresh('invocation'),
  functionName: 'aideals-websocket-connect',
  getRemainingTimeInMillis: () => 29_000,
});

const token = (sub: string, seconds = 3_600): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(new TextEncoder().encode(aws.env['JWT_SECRET']));

/** A process of its own for each: what one knows another has to read. */
const functions = () => socketFunctions(compose(aws.env));

const connecting = async (connectionId: string, user: string, seconds?: number) => {
  const event = connectEvent({ 'Sec-WebSocket-Protocol': `aideals.v1, aideals.token.${await token(user, seconds)}` });
  const { requestContext } = event;
  const { domainName: _, ...told } = requestContext;
  return functions().connect({ ...event, requestContext: { ...told, connectionId } }, context());
};

const runOpened = async (connectionId: string): Promise<void> => {
  const at = aws.invoked.findIndex(({ event }) => (event as { opened?: string }).opened === connectionId);
  const [invocation] = aws.invoked.splice(at, 1);
  await functions().connect(invocation?.event as OwnEvent, context());
};

const connect = async (user: string, seconds?: number): Promise<string> => {
  const id = fresh('connection');
  expect(await connecting(id, user, seconds)).toEqual({
    statusCode: 200,
    headers: { 'Sec-WebSocket-Protocol': 'aideals.v1' },
  });
  aws.end(id).state = 'open';
  return id;
};

const ask = async (connectionId: string, action: string, data: object = {}): Promise<Frame | undefined> => {
  const event = messageEvent(connectionId, JSON.stringify({ action, data, requestId: 'r' }), action);
  const result = await functions().message(event, context());
  expect(result?.statusCode).toBe(200);
  return result?.body === undefined ? undefined : (JSON.parse(result.body) as Frame);
};

const inbox = (connectionId: string): Frame[] => aws.end(connectionId).inbox.map((text) => JSON.parse(text) as Frame);

const publish = async (data: object, topic = 'new-deals'): Promise<Record<string, unknown>> => {
  const { engine, invokerKey, ready } = compose(aws.env);
  await ready();
  const body = JSON.stringify({ data, topic });
  const call = { call: 'broadcast', params: {}, query: {}, body, idempotencyKey: undefined } as const;
  const answer = await engine.call({ bearer: undefined, apiKey: invokerKey, ip: '' }, call);
  return JSON.parse(answer.body ?? '') as Record<string, unknown>;
};

describe('a connection', () => {
  it('is refused without a token', async () => {
    const event = connectEvent();
    expect(await functions().connect(event, context())).toMatchObject({
      statusCode: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  });

  it('is let in, answered, and forgotten', async () => {
    const id = await connect('ann');
    expect(await ask(id, 'ping')).toMatchObject({ type: 'pong', requestId: 'r' });
    expect(await ask(id, 'getStatus')).toMatchObject({ data: { connectionId: id, userId: 'ann', subscriptions: [] } });
    await functions().disconnect(messageEvent(id, '', '$disconnect'), context());
    expect(await ask(id, 'ping')).toMatchObject({ type: 'error', data: { code: 'CONNECTION_ERROR' } });
  });
});

describe('deal events', () => {
  it('reach those who match, once', async () => {
    const [yes, no] = [await connect('bea'), await connect('bob')];
    const wanted = { topic: 'new-deals', filters: { minDiscount: 20 } };
    expect(await ask(yes, 'subscribeToDeals', wanted)).toBeUndefined();
    await ask(yes, 'subscribeToDeals', { topic: 'all-deals' });
    await ask(no, 'subscribeToDeals', { ...wanted, filters: { minDiscount: 50 } });
    expect(inbox(yes)[0]).toMatchObject({ type: 'subscriptionConfirmed', requestId: 'r' });
    expect(await publish({ dealId: 'd', discount: 30 })).toMatchObject({ delivered: 1, total: 1 });
    expect(inbox(yes).filter(({ type }) => type === 'dealUpdate')).toHaveLength(1);
    expect(inbox(no).filter(({ type }) => type === 'dealUpdate')).toHaveLength(0);
    aws.end(yes).state = 'closed';
    expect(await publish({ dealId: 'd', discount: 30 })).toMatchObject({ delivered: 0, total: 1 });
  });
});

describe('a hand-over', () => {
  const send = async (to: string, content: string): Promise<unknown> => {
    const sender = await connect('sender');
    return (await ask(sender, 'sendMessage', { recipientId: to, content }))?.data['status'];
  };

  it('begins when the connection is open, and ends with what came meanwhile', async () => {
    const user = fresh('cia');
    expect(await send(user, 'one')).toBe('stored');
    const id = fresh('connection');
    await connecting(id, user);
    const opening = runOpened(id);
    expect(await send(user, 'two')).toBe('stored');
    expect(inbox(id)).toEqual([]);
    aws.end(id).state = 'open';
    await opening;
    expect(inbox(id).map(({ data }) => data['content'])).toEqual(['one', 'two']);
    expect(await send(user, 'three')).toBe('delivered');
    expect(inbox(id)).toHaveLength(3);
  });

  it('is done by a first frame that comes before, and then by no one else', async () => {
    const user = fresh('dan');
    await send(user, 'one');
    const id = await connect(user);
    expect(await ask(id, 'ping')).toBeUndefined();
    expect(inbox(id).map(({ type }) => type)).toEqual(['pong', 'messageReceived']);
    await runOpened(id);
    expect(inbox(id)).toHaveLength(2);
    expect(await ask(id, 'ping')).toMatchObject({ type: 'pong' });
  });
});
