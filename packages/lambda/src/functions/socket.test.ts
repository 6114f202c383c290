import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectEvent, messageEvent } from '../testing/events.js';
import { fresh, type Serverless, startServerless } from '../testing/serverless.js';

let world: Serverless;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  world = await startServerless({ AIDEALS_RATE_LIMIT: 'off', AIDEALS_IP_DENY: '198.51.100.0/24' });
  await world.sweep();
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await world.stop();
});

const { connect, ask, inbox, publish } = {
  connect: (user: string, seconds?: number) => world.connect(user, seconds),
  ask: (id: string, action: string, data?: object) => world.ask(id, action, data),
  inbox: (id: string) => world.inbox(id),
  publish: (data: object, topic = 'new-deals') => world.publish({ messageType: 'dealUpdate', data, topic }),
};

const dealsOf = (id: string) => inbox(id).filter(({ type }) => type === 'dealUpdate');

const send = async (to: string, content: string): Promise<unknown> => {
  const sender = await connect('sender');
  return (await ask(sender, 'sendMessage', { recipientId: to, content }))?.data['status'];
};

describe('a connection', () => {
  it('is refused without a token, from a denied address, and by a page that says not from where', async () => {
    expect(await world.connectWith(fresh('c'), connectEvent())).toMatchObject({
      statusCode: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
    const event = connectEvent({}, { token: await world.token('ann') });
    const { requestContext } = event;
    const denied = { ...event, requestContext: { ...requestContext, identity: { sourceIp: '198.51.100.7' } } };
    expect(await world.connectWith(fresh('c'), denied)).toMatchObject({ statusCode: 403 });
    const hidden = connectEvent({ Origin: 'null' }, { token: await world.token('ann') });
    expect(await world.connectWith(fresh('c'), hidden)).toMatchObject({ statusCode: 403 });
  });

  it('is let in, answered, and forgotten', async () => {
    const id = await connect('ann');
    expect(await ask(id, 'ping')).toMatchObject({ type: 'pong', requestId: 'r' });
    expect(await ask(id, 'getStatus')).toMatchObject({ data: { connectionId: id, userId: 'ann', subscriptions: [] } });
    await world.disconnect(id);
    expect(await ask(id, 'ping')).toMatchObject({ type: 'error', data: { code: 'CONNECTION_ERROR' } });
  });

  it('takes over from an older one of the same client', async () => {
    const event = async () => connectEvent({}, { token: await world.token('tess'), client: 'tab' });
    const [older, newer] = ['z-older=', 'a-newer='];
    await world.connectWith(older, await event());
    world.aws.end(older).state = 'open';
    await ask(older, 'ping');
    world.pass(1);
    await world.connectWith(newer, await event());
    world.aws.end(newer).state = 'open';
    expect(await ask(newer, 'ping')).toMatchObject({ type: 'pong' });
    expect(inbox(older).at(-1)).toMatchObject({ type: 'error', data: { details: { closeCode: 4010 } } });
    expect(world.aws.end(older).state).toBe('closed');
  });
});

describe('deal events', () => {
  it('reach those who match, once', async () => {
    const [yes, no] = [await connect('bea'), await connect('bob')];
    const wanted = { topic: 'new-deals', filters: { minDiscount: 20 } };
    await ask(yes, 'subscribeToDeals', wanted);
    await ask(yes, 'subscribeToDeals', { topic: 'all-deals' });
    await ask(no, 'subscribeToDeals', { ...wanted, filters: { minDiscount: 50 } });
    expect(inbox(yes)[0]).toMatchObject({ type: 'subscriptionConfirmed', requestId: 'r' });
    expect(await publish({ dealId: 'd', discount: 30 })).toMatchObject({ delivered: 1, total: 1 });
    expect([dealsOf(yes).length, dealsOf(no).length]).toEqual([1, 0]);
    world.aws.end(yes).state = 'closed';
    expect(await publish({ dealId: 'd', discount: 30 })).toMatchObject({ delivered: 0, total: 1 });
    await world.disconnect(no);
  });

  it('are published once by an invocation that is repeated', async () => {
    const id = await connect('eve');
    await ask(id, 'subscribeToDeals', { topic: 'repeats' });
    const event = { messageType: 'dealUpdate', data: { n: 1 }, topic: 'repeats' };
    const first = await world.publish(event, 'one-request');
    expect(await world.publish(event, 'one-request')).toMatchObject({ id: first['id'], delivered: 0 });
    expect(dealsOf(id)).toHaveLength(1);
  });

  it('that were missed come again, from the place told where all before it were sent', async () => {
    const topic = 'resumed';
    await publish({ n: 0 }, topic);
    world.pass(120);
    const ids: unknown[] = [];
    for (const n of [1, 2, 3]) ids.push((await publish({ n }, topic))['id']);
    const id = await connect('res');
    await ask(id, 'subscribeToDeals', { topic, lastEventId: ids[1] });
    const replayed = dealsOf(id);
    expect(replayed.map((deal) => deal.id)).toEqual(ids.slice(2));
    expect(
      inbox(id)
        .map(({ type }) => type)
        .slice(-1),
    ).toEqual(['subscriptionRecovered']);
  });
});

describe('a hand-over', () => {
  it('begins when the connection is open, and ends with what came meanwhile', async () => {
    const user = fresh('cia');
    expect(await send(user, 'one')).toBe('stored');
    world.aws.invoked.length = 0;
    const id = fresh('connection');
    await world.connecting(id, user);
    const opening = world.runInvoked();
    expect(await send(user, 'two')).toBe('stored');
    expect(inbox(id)).toEqual([]);
    world.aws.end(id).state = 'open';
    await opening;
    expect(inbox(id).map(({ data }) => data['content'])).toEqual(['one', 'two']);
    expect(await send(user, 'three')).toBe('delivered');
    expect(inbox(id)).toHaveLength(3);
  });

  it('is done by a first frame that comes before, and then by no one else', async () => {
    const user = fresh('dan');
    await send(user, 'one');
    world.aws.invoked.length = 0;
    const id = await connect(user);
    expect(await ask(id, 'ping')).toBeUndefined();
    expect(inbox(id).map(({ type }) => type)).toEqual(['pong', 'messageReceived']);
    await world.runInvoked();
    expect(inbox(id)).toHaveLength(2);
    expect(await ask(id, 'ping')).toMatchObject({ type: 'pong' });
  });

  it('is done once, whoever asks at the same time', async () => {
    const user = fresh('fay');
    for (const text of ['one', 'two']) await send(user, text);
    const id = await connect(user);
    await Promise.all([ask(id, 'ping'), ask(id, 'ping'), world.runInvoked(), ask(id, 'ping')]);
    expect(inbox(id).filter(({ type }) => type === 'messageReceived')).toHaveLength(2);
    expect(await send(user, 'three')).toBe('delivered');
  });
});

describe('a message whose invocation is repeated', () => {
  it('is stored once', async () => {
    const [id, user] = [await connect('gil'), fresh('gus')];
    const frame = JSON.stringify({ action: 'sendMessage', data: { recipientId: user, content: 'x' } });
    const event = messageEvent(id, frame, 'sendMessage');
    const repeated = { ...event, requestContext: { ...event.requestContext, messageId: fresh('m') } };
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(JSON.parse((await world.message(repeated))?.body ?? '').data.messageId);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('the sweep', () => {
  it('warns, holds and closes as tokens end', async () => {
    const id = await connect('tom', 300);
    await ask(id, 'subscribeToDeals', { topic: 'tokens' });
    await world.sweep();
    expect(inbox(id).filter(({ type }) => type === 'tokenExpiring')).toHaveLength(0);
    world.pass(200);
    await world.sweep();
    expect(inbox(id).filter(({ type }) => type === 'tokenExpiring')).toHaveLength(1);
    world.pass(101);
    expect(await publish({ n: 1 }, 'tokens')).toMatchObject({ delivered: 0 });
    expect(await ask(id, 'ping')).toMatchObject({ data: { code: 'AUTHENTICATION_ERROR' } });
    await world.sweep();
    expect(world.aws.end(id).state).toBe('open');
    world.pass(30);
    await world.sweep();
    expect(inbox(id).at(-1)).toMatchObject({ type: 'error', data: { details: { closeCode: 4001 } } });
    expect(world.aws.end(id).state).toBe('closed');
  });

  it('does in one go what is long due', async () => {
    const id = await connect('tia', 60);
    await world.runInvoked();
    world.pass(91);
    await world.sweep();
    expect(world.aws.end(id).state).toBe('closed');
  });

  it('lets a token be refreshed after its end, and what was missed comes then', async () => {
    const id = await connect('uma', 60);
    await ask(id, 'subscribeToDeals', { topic: 'refreshed' });
    world.pass(70);
    expect(await publish({ n: 1 }, 'refreshed')).toMatchObject({ delivered: 0 });
    expect(await send('uma', 'while away')).toBe('stored');
    await ask(id, 'refreshToken', { token: await world.token('uma') });
    const types = inbox(id).map(({ type }) => type);
    expect(types.slice(1)).toEqual(['tokenRefreshed', 'messageReceived', 'dealUpdate']);
    expect(await publish({ n: 2 }, 'refreshed')).toMatchObject({ delivered: 1 });
    expect(await send('uma', 'again')).toBe('delivered');
  });

  it('forgets who was never heard to leave', async () => {
    const id = await connect('vic', 90_000);
    const { directory } = world.start();
    const before = await directory.count();
    world.aws.end(id).state = 'closed';
    world.pass(7_600);
    await world.sweep();
    const client = world.aws.client;
    expect(await client.get({ TableName: client.tables.connections, Key: { connectionId: id } })).toBeUndefined();
    expect(await directory.count()).toBeLessThan(before);
  });
});

describe('a fan-out to many', () => {
  it('is queued, and sent by workers', async () => {
    const topic = 'crowd';
    const id = await connect('wim');
    await ask(id, 'subscribeToDeals', { topic });
    const { client } = world.aws;
    const [row] = await client.queryAll({
      TableName: client.tables.aideals,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `filters#${topic}` },
    });
    const ttl = Math.floor(world.clock.now() / 1000) + 600;
    const others = Array.from({ length: 299 }, (_, n) => {
      world.aws.end(`crowd-${n}`).state = 'open';
      const key = { pk: `${topic}#${row?.['sk']}#0`, sk: `crowd-${n}#s` };
      return { put: { ...key, connectionId: `crowd-${n}`, tokenExp: ttl, ttl } };
    });
    await client.batchWrite(client.tables.subscriptions, others);
    world.aws.invoked.length = 0;
    expect(await publish({ n: 1 }, topic)).toMatchObject({ delivered: 0, queued: 300, total: 300 });
    expect(world.aws.invoked).toEqual([{ functionName: 'broadcast', event: { fanOut: true } }]);
    const before = world.aws.posts();
    await world.runInvoked();
    expect([world.aws.posts() - before, inbox('crowd-298').length, dealsOf(id).length]).toEqual([300, 1, 1]);
  });
});
