import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.js';
import type { ServerFrame } from './generated/wire.js';
import type { ClientOptions, ClientState } from './options.js';
import { Served } from './testing/served.js';

const served = new Served({ AIDEALS_RATE_LIMIT: 'off' });
let clients: Client[] = [];
let token: string;

const client = (options: Partial<ClientOptions> = {}): Client => {
  const timing = { baseDelay: 20, maxDelay: 200 };
  const made = createClient({ url: `${served.url}/ws`, token: () => token, WebSocket, timing, ...options });
  clients.push(made);
  return made;
};

const state = (of: Client, fits: (state: ClientState) => boolean): Promise<ClientState> =>
  new Promise((resolve) => {
    if (fits(of.state)) resolve(of.state);
    of.on('state', (now) => fits(now) && resolve(now));
  });

const frame = (of: Client, type: string): Promise<ServerFrame> => new Promise((resolve) => of.on(type, resolve));

/** The numbers that a subscription hands on, and when one of them is there. */
const numbers = (of: Client, filters = {}) => {
  const got: number[] = [];
  const waiting = new Map<number, () => void>();
  const subscription = of.subscribe<{ n: number }>({ topic: 'new-deals', filters }, ({ data }) => {
    got.push(data.n);
    waiting.get(data.n)?.();
  });
  const until = (n: number): Promise<void> =>
    new Promise((resolve) => (got.includes(n) ? resolve() : waiting.set(n, resolve)));
  return { got, subscription, until };
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const deals = (from: number, to: number) => range(from, to).map((n) => ({ data: { n, even: n % 2 === 0 } }));

beforeAll(async () => {
  await served.start();
  token = await served.token('alice');
});

afterEach(async () => {
  await Promise.all(clients.map((one) => one.close()));
  clients = [];
});

afterAll(() => served.end());

describe('against the real server', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('nothing is missed and nothing comes twice over a %s', async (signal) => {
    const all = numbers(client());
    const even = numbers(client(), { even: true });
    await Promise.all([all.subscription.ready, even.subscription.ready]);
    await served.publish(...deals(0, 50));
    await all.until(20);
    await served.stop(signal);
    await served.start();
    await served.publish(...deals(50, 100));
    await Promise.all([all.until(99), even.until(98)]);
    expect(all.got).toEqual(range(0, 100));
    expect(even.got).toEqual(range(0, 100).filter((n) => n % 2 === 0));
  });

  it('two subscriptions of one connection each get their own', async () => {
    const one = client();
    const all = numbers(one);
    const even = numbers(one, { even: true });
    await Promise.all([all.subscription.ready, even.subscription.ready]);
    await served.publish(...deals(0, 10));
    await all.until(9);
    expect(all.got).toEqual(range(0, 10));
    expect(even.got).toEqual([0, 2, 4, 6, 8]);
    await even.subscription.update({ filters: { even: false } });
    await served.publish(...deals(10, 20));
    await all.until(19);
    expect(even.got.slice(5)).toEqual([11, 13, 15, 17, 19]);
    all.subscription.unsubscribe();
    const { subscriptions } = await one.actions.getStatus();
    expect(subscriptions.map(({ filters }) => filters)).toEqual([{ even: false }]);
  });

  it('filters that change while deals come lose none and double none, and the subscription keeps its id', async () => {
    const one = client({ batch: true });
    const all = numbers(one);
    const some = numbers(one, { even: true });
    await Promise.all([all.subscription.ready, some.subscription.ready]);
    const { subscriptionId } = some.subscription;
    let next = 0;
    const more = (): Promise<void> => {
      next += 20;
      return served.publish(...deals(next - 20, next));
    };
    const sorted = (list: number[]): number[] => [...list].sort((a, b) => a - b);
    for (const even of [false, true, false, true]) {
      await Promise.all([more(), some.subscription.update({ filters: { even } }), more()]);
    }
    expect(some.subscription.subscriptionId).toBe(subscriptionId);
    // The same as the other one: both live by one of the server's now.
    await some.subscription.update({ filters: {} });
    const from = next;
    await more();
    await Promise.all([all.until(next - 1), some.until(next - 1)]);
    expect(sorted(all.got)).toEqual(range(0, next));
    expect(some.got.filter((n) => n >= from)).toEqual(range(from, next));
    expect(sorted(some.got)).toEqual(sorted([...new Set(some.got)]));
  });

  it('a subscription goes on from where another client left off', async () => {
    const first = numbers(client());
    await first.subscription.ready;
    await served.publish(...deals(0, 3));
    await first.until(2);
    const { lastEventId = '' } = first.subscription;
    await served.publish(...deals(3, 6));
    const got: unknown[] = [];
    const second = client().subscribe({ topic: 'new-deals', lastEventId }, ({ data }) => got.push(data['n']));
    await new Promise((resolve) => second.on('recovered', resolve));
    expect(got).toEqual([3, 4, 5]);
  });

  it('a position of another log is told of as a gap', async () => {
    const subscription = client().subscribe({ lastEventId: 'another-7' });
    expect(await new Promise((resolve) => subscription.on('gap', resolve))).toMatchObject({ reason: 'epoch' });
  });

  it('a chat message reaches the other, once', async () => {
    const bobs = await served.token('bob');
    const bob = client({ token: bobs });
    await state(bob, ({ status }) => status === 'open');
    const received = frame(bob, 'messageReceived');
    const alice = client();
    const data = { recipientId: 'bob', content: 'hello', clientMessageId: 'one' };
    const sent = await alice.actions.sendMessage(data);
    expect(sent).toMatchObject({ recipientId: 'bob', status: 'delivered' });
    expect(await alice.actions.sendMessage(data)).toMatchObject({ messageId: sent.messageId });
    expect((await received).data).toMatchObject({ messageId: sent.messageId, content: 'hello' });
    await bob.actions.notificationAck({ messageId: sent.messageId });
  });

  it('a token that expires is renewed on the open connection', async () => {
    const tokens = [await served.token('alice', '--expires', '5s'), await served.token('alice', '--expires', '1h')];
    const one = client({ token: () => tokens.shift() ?? '' });
    const ends: unknown[] = [];
    one.on('disconnect', (end) => ends.push(end));
    const { expiresAt } = (await frame(one, 'tokenRefreshed')).data as { expiresAt: number };
    expect(expiresAt - Date.now() / 1000).toBeGreaterThan(3_000);
    expect(ends).toEqual([]);
  });

  it('a token that is refused ends it, in the server’s words', async () => {
    const { error } = await state(client({ token: 'not.a.token' }), ({ status }) => status === 'closed');
    expect(error).toMatchObject({ code: 'AUTHENTICATION_ERROR', details: { status: 401 } });
  });

  it('a newer connection of the same instance takes over, and the older one stays away', async () => {
    const older = client({ client: 'tab' });
    await state(older, ({ status }) => status === 'open');
    const newer = client({ client: 'tab' });
    expect(await state(older, ({ status }) => status === 'closed')).toMatchObject({ closeCode: 4010 });
    expect(newer.state.status).toBe('open');
  });

  it('an administrator who closes it is obeyed', async () => {
    const one = client();
    const { connectionId } = await one.actions.getStatus();
    await served.call('DELETE', `/v1/connections/${connectionId}`);
    expect(await state(one, ({ status }) => status === 'closed')).toMatchObject({ closeCode: 4003 });
  });

  it('what the server refuses names the field', async () => {
    const subscription = client().subscribe({ topic: 'no topic' });
    await expect(subscription.ready).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('data.topic'),
    });
  });
});
