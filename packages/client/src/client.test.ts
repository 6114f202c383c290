import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from './client.js';
import { createClient } from './client.js';
import { AidealsError } from './errors.js';
import type { ClientOptions, ClientState } from './options.js';
import { FakeSocket } from './testing/fake-socket.js';

const clients: Client[] = [];
let tokens: string[] = [];

const make = (options: Partial<ClientOptions> = {}): Client => {
  const client = createClient({
    url: 'ws://server/ws',
    token: async () => tokens.shift() ?? 'token',
    WebSocket: FakeSocket,
    probe: false,
    ...options,
  });
  clients.push(client);
  return client;
};

/** A client whose connection is open. */
const connected = async (options: Partial<ClientOptions> = {}): Promise<{ client: Client; socket: FakeSocket }> => {
  const client = make(options);
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.open();
  return { client, socket: FakeSocket.last };
};

/** Lets the next dial happen, and succeed. */
const redialled = async (): Promise<FakeSocket> => {
  const before = FakeSocket.made.length;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.made.length).toBe(before + 1);
  FakeSocket.last.open();
  return FakeSocket.last;
};

const confirmed = (subscriptionId: string, lastEventId: string) => ({
  subscriptionId,
  lastEventId,
  topic: 'new-deals',
  filters: {},
  status: 'active',
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  FakeSocket.made = [];
  tokens = [];
});

afterEach(() => {
  for (const client of clients.splice(0)) void client.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the dial', () => {
  it('carries the token as a subprotocol, and not in the address', async () => {
    await connected({ client: 'tab-1', token: 'a.b.c' });
    expect(FakeSocket.last.url).toBe('ws://server/ws?client=tab-1');
    expect(FakeSocket.last.protocols).toEqual(['aideals.v1', 'aideals.token.a.b.c']);
  });

  it('carries it in the address where that is asked for', async () => {
    await connected({ token: 'a.b.c', tokenIn: 'query' });
    expect(FakeSocket.last.url).toBe('ws://server/ws?token=a.b.c');
    expect(FakeSocket.last.protocols).toEqual([]);
  });

  it('comes with the first need, where it is told to wait for one', async () => {
    const client = make({ connect: false });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.made).toEqual([]);
    void client.actions.ping().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.made).toHaveLength(1);
  });

  it('is told of as a state, step by step', async () => {
    const client = make();
    const states: ClientState['status'][] = [client.state.status];
    client.on('state', ({ status }) => states.push(status));
    const ends: unknown[] = [];
    client.on('onDisconnect', (end) => ends.push(end));
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    FakeSocket.last.end(1012);
    expect(client.state).toMatchObject({ status: 'waiting', attempt: 1, closeCode: 1012, retryInMs: 250 });
    await redialled();
    expect(states).toEqual(['connecting', 'connecting', 'open', 'waiting', 'connecting', 'open']);
    expect(ends).toEqual([{ closeCode: 1012 }]);
  });

  it('tells of a token callback that throws, or gives what cannot be sent', async () => {
    const errors: AidealsError[] = [];
    const given = [() => Promise.reject(new Error('no network')), () => 'white space', () => 'good'];
    const client = make({ token: () => (given.shift() ?? (() => 'more'))() });
    client.on('error', (error) => errors.push(error));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(errors.map((error) => error.code)).toEqual(['TOKEN_ERROR', 'TOKEN_ERROR']);
    expect(errors[0]?.message).toContain('no network');
    expect(FakeSocket.last.protocols).toContain('aideals.token.good');
  });

  it('takes an implementation that throws for a failed dial', async () => {
    const client = make({
      WebSocket: class extends FakeSocket {
        constructor() {
          super('');
          throw new SyntaxError('no');
        }
      },
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(client.state).toMatchObject({ status: 'waiting', attempt: 1 });
  });

  it.each<[Partial<ClientOptions>, RegExp]>([
    [{ url: 'nonsense' }, /^url:/],
    [{ token: '' }, /^token:/],
    [{ client: 'no spaces' }, /^client:/],
  ])('%j is refused by a message that names the option', (options, message) => {
    expect(() => make(options)).toThrow(message);
  });

  it('needs a WebSocket from somewhere', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(() => createClient({ url: 'ws://a', token: 'a' })).toThrow(/^WebSocket: this runtime has none/);
    vi.unstubAllGlobals();
  });
});

describe('a batch', () => {
  it('is asked for in the address, and its messages come one by one in their order', async () => {
    const { client, socket } = await connected({ batch: true });
    expect(socket.url).toBe('ws://server/ws?batch=1');
    const types: string[] = [];
    client.on('message', ({ type }) => types.push(type));
    const status = client.actions.getStatus();
    socket.pushBatch(
      { type: 'notification' },
      { type: 'statusUpdate', data: { userId: 'alice' }, requestId: socket.sent[0]?.requestId ?? '' },
      { type: 'dealUpdate', topic: 'new-deals', id: 'e-1' },
    );
    expect(types).toEqual(['notification', 'statusUpdate', 'dealUpdate']);
    expect(await status).toEqual({ userId: 'alice' });
  });

  it('ends with the message that ends the connection', async () => {
    const { client, socket } = await connected({ batch: true });
    const types: string[] = [];
    client.on('message', ({ type }) => types.push(type));
    client.on('notification', () => void client.close());
    socket.pushBatch({ type: 'pong' }, { type: 'notification' }, { type: 'dealUpdate', topic: 'a', id: 'e-1' });
    expect(types).toEqual(['pong', 'notification']);
  });

  it('is read past what is no message', async () => {
    const { client, socket } = await connected();
    const types: string[] = [];
    client.on('message', ({ type }) => types.push(type));
    socket.onmessage?.({ data: '[1,null,[],{"type":"pong"},{"type":"notification","data":{}}]' });
    expect(types).toEqual(['notification']);
  });
});

describe('an action', () => {
  it('resolves to the data of its answer', async () => {
    const { client, socket } = await connected();
    const status = client.actions.getStatus();
    expect(socket.sent[0]).toMatchObject({ action: 'getStatus', data: {} });
    socket.answer('statusUpdate', { userId: 'alice' });
    expect(await status).toEqual({ userId: 'alice' });
  });

  it('rejects with what the server answers', async () => {
    const { client, socket } = await connected();
    const ack = client.actions.notificationAck({ notificationId: 'x' });
    socket.answer('error', { code: 'VALIDATION_ERROR', message: 'unknown', details: { fields: [] } });
    const error = await ack.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AidealsError);
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', message: 'unknown', details: { fields: [] } });
  });

  it('waits for a connection', async () => {
    const client = make();
    const pong = client.actions.ping();
    const status = client.actions.getStatus();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent.map((frame) => frame.action)).toEqual(['ping', 'getStatus']);
    FakeSocket.last.answer('pong', {}, FakeSocket.last.sent[0]);
    FakeSocket.last.answer('statusUpdate', {}, FakeSocket.last.sent[1]);
    await Promise.all([pong, status]);
  });

  it('rejects when no answer comes in time, and says whether it was sent', async () => {
    const client = make();
    const unsent = client.actions.ping({}, { timeout: 50 }).catch((error: AidealsError) => error.message);
    await vi.advanceTimersByTimeAsync(50);
    expect(await unsent).toBe('ping could not be sent within 50 ms');
    FakeSocket.last.open();
    const unanswered = client.actions.ping().catch((error: AidealsError) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await unanswered).toMatchObject({ code: 'TIMEOUT', message: 'ping was not answered within 10000 ms' });
  });

  it('rejects when the connection ends before the answer', async () => {
    const { client, socket } = await connected();
    const pong = client.actions.ping().catch((error: AidealsError) => error);
    socket.end(1006);
    expect(await pong).toMatchObject({ code: 'CONNECTION_LOST', details: { closeCode: 1006 } });
  });

  it('rejects when the connection is closed for good, then and later', async () => {
    const { client, socket } = await connected();
    socket.end(4003);
    await expect(client.actions.ping()).rejects.toMatchObject({ code: 'CLIENT_CLOSED', details: { closeCode: 4003 } });
    client.connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.made).toHaveLength(2);
  });

  it('brings back a connection that was closed because it was idle', async () => {
    const { client, socket } = await connected();
    socket.end(4009);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.state.status).toBe('idle');
    const pong = client.actions.ping();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    FakeSocket.last.answer('pong');
    await pong;
  });
});

describe('a chat message', () => {
  it('is sent again on the next connection, under the same id', async () => {
    const { client, socket } = await connected();
    const sent = client.actions.sendMessage({ recipientId: 'bob', content: 'hello' });
    const [first] = socket.sent;
    expect(first?.data).toMatchObject({ clientMessageId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    socket.end(1006);
    const next = await redialled();
    expect(next.sent[0]?.data).toEqual(first?.data);
    next.answer('messageSent', { messageId: 'm' });
    expect(await sent).toEqual({ messageId: 'm' });
  });

  it('keeps an id that it was given', async () => {
    const { client, socket } = await connected();
    const sent = client.actions.sendMessage({ recipientId: 'bob', content: 'hello', clientMessageId: 'mine' });
    expect(socket.sent[0]?.data).toMatchObject({ clientMessageId: 'mine' });
    socket.answer('messageSent');
    await sent;
  });

  it('is not sent again where it, or a frame beside it, was too large', async () => {
    const { client, socket } = await connected();
    const sent = client.actions.sendMessage({ recipientId: 'bob', content: 'long', clientMessageId: 'mine' });
    const error = sent.catch((reason: unknown) => reason);
    socket.end(1009);
    expect(await error).toMatchObject({
      code: 'CONNECTION_LOST',
      details: { closeCode: 1009, clientMessageId: 'mine' },
    });
    expect((await redialled()).sent).toEqual([]);
  });

  it('that was not answered in time tells its id, so that it can be repeated', async () => {
    const { client } = await connected();
    const sent = client.actions.sendMessage(
      { recipientId: 'b', content: 'c', clientMessageId: 'mine' },
      { timeout: 5 },
    );
    const error = sent.catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(5);
    expect(await error).toMatchObject({ code: 'TIMEOUT', details: { clientMessageId: 'mine' } });
  });
});

describe('a push', () => {
  it('reaches listeners in every spelling', async () => {
    const { client, socket } = await connected();
    const heard: string[] = [];
    client.on('notification', (frame) => heard.push(frame.data.title));
    client.on('onNotification', (frame) => heard.push(frame.type));
    const off = client.on('onnotification', () => heard.push('lower'));
    client.on('message', (frame) => heard.push(`message ${frame.type}`));
    const data = { notificationId: 'n', title: 'Hi', message: '', data: {}, timestamp: 1 };
    socket.push({ type: 'notification', data });
    expect(heard).toEqual(['message notification', 'Hi', 'lower', 'notification']);
    off();
    socket.push({ type: 'notification', data });
    expect(heard.filter((name) => name === 'lower')).toHaveLength(1);
  });

  it('of a publisher’s own type reaches its listeners', async () => {
    const { client, socket } = await connected();
    const heard: unknown[] = [];
    client.on('flashSale', (frame) => heard.push(frame.data));
    socket.push({ type: 'flashSale', topic: 't', id: 'e-1', data: { a: 1 } });
    expect(heard).toEqual([{ a: 1 }]);
  });

  it('disturbs no one when a listener throws, and what it threw is not swallowed', async () => {
    const { client, socket } = await connected();
    const thrown: unknown[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
      try {
        task();
      } catch (error) {
        thrown.push(error);
      }
    });
    const heard: string[] = [];
    client.on('dealUpdate', () => {
      throw new Error('mine');
    });
    client.on('dealUpdate', () => heard.push('second'));
    socket.push({ type: 'dealUpdate', topic: 't', id: 'e-1' });
    expect(heard).toEqual(['second']);
    expect(thrown).toMatchObject([{ message: 'mine' }]);
  });

  it('that cannot be read is ignored', async () => {
    const { client, socket } = await connected();
    for (const data of ['nonsense', '[]', '{"type":1}', '{"type":"a","data":[]}', new ArrayBuffer(1)]) {
      socket.onmessage?.({ data });
    }
    expect(client.state.status).toBe('open');
  });

  it('of an error without a request is told as such', async () => {
    const { client, socket } = await connected();
    const errors: AidealsError[] = [];
    client.on('error', (error) => errors.push(error));
    socket.push({
      type: 'error',
      data: { code: 'RATE_LIMIT_EXCEEDED', message: 'slow down', details: { retryAfter: 1 } },
    });
    expect(errors).toMatchObject([{ code: 'RATE_LIMIT_EXCEEDED' }]);
  });
});

describe('a subscription', () => {
  it('hands on its deals, over a reconnect, each once', async () => {
    const { client, socket } = await connected();
    const deals: string[] = [];
    const general: string[] = [];
    client.on('dealUpdate', (frame) => general.push(frame.id ?? ''));
    const subscription = client.subscribe({ topic: 'new-deals' }, (event) => deals.push(event.id));
    expect(subscription.state).toBe('pending');
    socket.answer('subscriptionConfirmed', confirmed('x', 'e-1'));
    await subscription.ready;
    expect(subscription).toMatchObject({ state: 'live', subscriptionId: 'x', lastEventId: 'e-1' });
    socket.push({ type: 'dealUpdate', topic: 'new-deals', id: 'e-2' });
    socket.end(1006);
    expect(subscription).toMatchObject({ state: 'pending', subscriptionId: undefined, lastEventId: 'e-2' });
    const next = await redialled();
    expect(next.sent[0]?.data).toMatchObject({ topic: 'new-deals', lastEventId: 'e-2' });
    next.answer('subscriptionConfirmed', confirmed('y', 'e-4'));
    expect(subscription.state).toBe('replaying');
    for (const id of ['e-2', 'e-3', 'e-4']) next.push({ type: 'dealUpdate', topic: 'new-deals', id, replay: 'y' });
    const recovered: number[] = [];
    subscription.on('recovered', (replayed) => recovered.push(replayed));
    next.push({ type: 'subscriptionRecovered', data: { subscriptionId: 'y', replayed: 3, lastEventId: 'e-4' } });
    expect(deals).toEqual(['e-2', 'e-3', 'e-4']);
    expect(general).toEqual(deals);
    expect(recovered).toEqual([3]);
  });

  it('tells of a gap', async () => {
    const { client, socket } = await connected();
    const gaps: unknown[] = [];
    const subscription = client.subscribe({ lastEventId: 'old-1' });
    subscription.on('gap', (lost) => gaps.push(lost));
    const lost = { reason: 'epoch', oldest: null };
    socket.answer('subscriptionConfirmed', { ...confirmed('x', 'e-1'), recovered: false, lost });
    expect(gaps).toEqual([lost]);
  });

  it('changes its filters, and hands on what they let through', async () => {
    const { client, socket } = await connected();
    const deals: unknown[] = [];
    const subscription = client.subscribe({ filters: { category: 'a' } }, (event) =>
      deals.push(event.data['category']),
    );
    socket.answer('subscriptionConfirmed', confirmed('x', 'e-1'));
    const updated = subscription.update({ filters: { category: 'b' } });
    expect(socket.sent.at(-1)).toMatchObject({ action: 'updateSubscription', data: { subscriptionId: 'x' } });
    // The former filters let through what comes before the confirmation.
    socket.push({ type: 'dealUpdate', topic: 'new-deals', id: 'e-2', data: { category: 'a' } });
    socket.answer('subscriptionUpdated', confirmed('x', 'e-3'));
    await updated;
    socket.push({ type: 'dealUpdate', topic: 'new-deals', id: 'e-4', data: { category: 'b' } });
    expect(deals).toEqual(['a', 'b']);
  });

  it('keeps its filters where the new ones are refused', async () => {
    const { client, socket } = await connected();
    const subscription = client.subscribe({ filters: { category: 'a' } });
    socket.answer('subscriptionConfirmed', confirmed('x', 'e-1'));
    const updated = subscription.update({ filters: { minPrice: 'x' } });
    socket.answer('error', { code: 'VALIDATION_ERROR', message: 'a bound is a number' });
    await expect(updated).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(subscription.filters).toEqual({ category: 'a' });
    expect(subscription.state).toBe('live');
  });

  it('that is refused says so, once as a rejection and once as an error', async () => {
    const { client, socket } = await connected();
    const errors: AidealsError[] = [];
    const subscription = client.subscribe({ topic: 'bad topic' });
    subscription.on('error', (error) => errors.push(error));
    socket.answer('error', { code: 'VALIDATION_ERROR', message: 'data.topic: must be …' });
    await expect(subscription.ready).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(errors).toHaveLength(1);
    expect(subscription.state).toBe('ended');
  });

  it('hands on nothing after its end', async () => {
    const { client, socket } = await connected();
    const deals: unknown[] = [];
    const subscription = client.subscribe({}, (event) => deals.push(event));
    socket.answer('subscriptionConfirmed', confirmed('x', 'e-1'));
    subscription.unsubscribe();
    subscription.unsubscribe();
    socket.push({ type: 'dealUpdate', topic: 'new-deals', id: 'e-3' });
    expect(deals).toEqual([]);
    await expect(subscription.update({ filters: {} })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  it('may be ended and made by its own listener', async () => {
    const { client, socket } = await connected();
    const deals: string[] = [];
    const subscription = client.subscribe({}, (event) => {
      deals.push(event.id);
      subscription.unsubscribe();
      client.subscribe({ topic: 'more' }, (more) => deals.push(more.id));
    });
    socket.answer('subscriptionConfirmed', confirmed('x', 'e-1'));
    socket.push({ type: 'dealUpdate', topic: 'new-deals', id: 'e-2' });
    expect(socket.sent.map((frame) => frame.action)).toEqual([
      'subscribeToDeals',
      'unsubscribeFromDeals',
      'subscribeToDeals',
    ]);
  });
});

describe('a server that goes away', () => {
  it('is left when the calls in flight are answered; calls after that wait for the next', async () => {
    const { client, socket } = await connected();
    const pong = client.actions.ping();
    socket.push({ type: 'goAway', data: { afterMs: 400, spreadMs: 0 } });
    const later = client.actions.getStatus();
    expect(socket.closedWith).toBeUndefined();
    socket.answer('pong', {}, socket.sent[0]);
    await pong;
    expect(socket.closedWith).toBe(1000);
    expect(socket.sent).toHaveLength(1);
    const next = await redialled();
    expect(next.sent[0]?.action).toBe('getStatus');
    next.answer('statusUpdate');
    await later;
  });

  it('is left at once where nothing is in flight', async () => {
    const { socket } = await connected();
    socket.push({ type: 'goAway', data: { afterMs: 400, spreadMs: 0 } });
    expect(socket.closedWith).toBe(1000);
  });
});

describe('a dead link', () => {
  it('is found out by a ping, and abandoned', async () => {
    const { client, socket } = await connected();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket.sent).toMatchObject([{ action: 'ping' }]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.terminated).toBe(true);
    expect(client.state).toMatchObject({ status: 'waiting', closeCode: 1006 });
    socket.end(1000);
    await redialled();
    expect(client.state.status).toBe('open');
  });
});

describe('a token', () => {
  it('is renewed on the open connection, and the new one serves the next dial', async () => {
    tokens = ['first', 'second'];
    const { socket } = await connected();
    socket.push({ type: 'tokenExpiring', data: { expiresAt: 1 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent[0]).toMatchObject({ action: 'refreshToken', data: { token: 'second' } });
    socket.answer('tokenRefreshed', { token: 'second', expiresAt: 2 });
    socket.end(1006);
    expect((await redialled()).protocols).toContain('aideals.token.second');
  });

  it('is asked for anew after 4001', async () => {
    tokens = ['first', 'second'];
    const { socket } = await connected();
    socket.end(4001);
    expect((await redialled()).protocols).toContain('aideals.token.second');
  });
});

describe('the end', () => {
  it('closes with 1000, rejects what waits, and is told when the socket is gone', async () => {
    const { client, socket } = await connected();
    const pong = client.actions.ping().catch((error: AidealsError) => error.code);
    const subscription = client.subscribe({});
    let gone = false;
    const closed = client.close().then(() => {
      gone = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(await pong).toBe('CONNECTION_LOST');
    expect(socket.closedWith).toBe(1000);
    expect(gone).toBe(false);
    socket.end(1000);
    await closed;
    expect(subscription.state).toBe('ended');
    await expect(subscription.ready).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.actions.ping()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(() => client.subscribe({})).toThrow('the client was closed');
    expect(() => client.connect()).toThrow('make a new one');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(FakeSocket.made).toHaveLength(1);
  });

  it('does not wait for a server that does not answer the closing handshake', async () => {
    const { client, socket } = await connected();
    const closed = client.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await closed;
    expect(socket.terminated).toBe(true);
  });

  it('may come out of a listener', async () => {
    const { client, socket } = await connected();
    client.on('dealUpdate', () => void client.close());
    socket.push({ type: 'dealUpdate', topic: 't', id: 'e-1' });
    expect(client.state.status).toBe('closed');
    expect(socket.closedWith).toBe(1000);
  });
});
