import { beforeEach, describe, expect, it } from 'vitest';
import { quiet, type TestCluster, type TestNode, testCluster } from './testing/cluster.js';

describe('events in a cluster', () => {
  let cluster: TestCluster;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  beforeEach(async () => {
    cluster = await testCluster({ nodes: 3 });
    [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    await c.connect('c1', 'carol');
  });

  it('reach subscribers on every node, once, whatever they asked for', async () => {
    await a.ask('a1', 'subscribeToDeals', { topic: 'tv' });
    await a.ask('a1', 'subscribeToDeals', {});
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await b.ask('b1', 'subscribeToDeals', { topic: 'price-updates' });
    const answer = await c.publish('tv', 1);
    expect(answer.json).toMatchObject({ broadcast: 'success', delivered: 0, total: 0, nodes: 2 });
    expect((await b.publish('tv', 2)).json).toMatchObject({ delivered: 1, total: 1, nodes: 1 });
    expect((await a.publish('car', 3)).json).toMatchObject({ delivered: 1, total: 1, nodes: 0 });
    expect((await a.publish('price-updates', 4, 'priceUpdate')).json).toMatchObject({ delivered: 0, nodes: 1 });
    await quiet();
    expect(a.numbers('a1')).toEqual([1, 2, 3]);
    expect(b.numbers('b1')).toEqual([1, 2, 4]);
    expect(c.numbers('c1')).toEqual([]);
  });

  it('come to a node only while someone there asks for them', async () => {
    const { json } = await a.publish('tv', 1);
    expect(json).toMatchObject({ nodes: 0 });
    const { data } = await a.ask('a1', 'subscribeToDeals', { topic: 'tv' });
    expect((await b.publish('tv', 2)).json).toMatchObject({ nodes: 1 });
    await a.ask('a1', 'unsubscribeFromDeals', { subscriptionId: data['subscriptionId'] });
    await quiet();
    expect((await b.publish('tv', 3)).json).toMatchObject({ nodes: 0 });
    await a.ask('a1', 'subscribeToDeals', { topic: 'tv' });
    await a.disconnect('a1');
    await quiet();
    expect((await b.publish('tv', 4)).json).toMatchObject({ nodes: 0 });
  });

  it('are all there when the interest of a node widens and narrows', async () => {
    await b.connect('b2', 'bob');
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    const all = (await b.ask('b2', 'subscribeToDeals', {})).data['subscriptionId'];
    await a.publish('tv', 2);
    await a.publish('car', 3);
    await b.ask('b2', 'unsubscribeFromDeals', { subscriptionId: all });
    await a.publish('tv', 4);
    await quiet();
    expect((await a.publish('tv', 5)).json).toMatchObject({ nodes: 1 });
    await quiet();
    expect(b.numbers('b1')).toEqual([1, 2, 4, 5]);
    expect(b.numbers('b2')).toEqual([2, 3]);
  });

  it('begin behind what another node had confirmed before the subscription', async () => {
    c.bus.hold();
    await c.ask('c1', 'subscribeToDeals', { topic: 'tv' });
    const first = (await a.publish('tv', 1)).json['id'];
    await a.ask('a1', 'subscribeToDeals', { topic: 'tv' });
    await c.connect('c2', 'carol');
    const { data } = await c.ask('c2', 'subscribeToDeals', { topic: 'tv' });
    expect(data['lastEventId']).toBe(first);
    expect(c.numbers('c1')).toEqual([1]);
    c.bus.release();
    await quiet();
    expect([c.numbers('c1'), c.numbers('c2')]).toEqual([[1], []]);
  });

  it('that the bus lost are read from the log before what follows them', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    await quiet();
    b.bus.hold();
    await a.publish('tv', 2);
    await a.publish('car', 3);
    b.bus.cut();
    b.bus.mend();
    b.bus.release();
    await a.publish('tv', 4);
    await quiet();
    expect(b.numbers('b1')).toEqual([1, 2, 4]);
    b.bus.cut();
    await a.publish('tv', 5);
    b.bus.mend();
    await quiet();
    expect(b.numbers('b1')).toEqual([1, 2, 4, 5]);
  });

  it('let a publisher wait no longer than a look, where the bus lost what it announced', async () => {
    let lost = true;
    const lossy = await testCluster({ nodes: 1, bus: { passage: () => (lost ? 'is-lost' : 'arrives') } });
    const [node] = lossy.nodes as [TestNode];
    await node.connect('x', 'xavier');
    await node.ask('x', 'subscribeToDeals', { topic: 'tv' });
    const publishing = node.publish('tv', 1);
    await quiet();
    lost = false;
    await lossy.beat();
    expect((await publishing).json).toMatchObject({ delivered: 1, nodes: 0 });
    expect(node.numbers('x')).toEqual([1]);
  });

  it('are refused while the log is away, and nothing is half published', async () => {
    await a.ask('a1', 'subscribeToDeals', { topic: 'tv' });
    b.bus.cut();
    expect(await b.publish('tv', 1)).toMatchObject({ status: 503, retryAfter: 5 });
    expect(await b.ask('b1', 'subscribeToDeals', { topic: 'tv' })).toMatchObject({
      type: 'error',
      data: { code: 'SUBSCRIPTION_ERROR' },
    });
    expect((await b.ask('b1', 'getStatus')).data['subscriptions']).toEqual([]);
    await cluster.beat();
    expect(b.node.health()).toMatchObject({ log: false });
    b.bus.mend();
    await cluster.beat();
    expect(b.node.health()).toMatchObject({ log: true });
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await b.publish('tv', 2);
    await quiet();
    expect([a.numbers('a1'), b.numbers('b1')]).toEqual([[2], [2]]);
  });

  it('move the position of a node that hears none of them at each look', async () => {
    const { json } = await a.publish('tv', 1);
    await cluster.beat();
    await b.frame('b1', JSON.stringify({ action: 'ping' }));
    expect(b.frames('b1').at(-1)).toMatchObject({ type: 'pong', lastEventId: json['id'] });
  });

  it('go on over a new owner of the log that lost nothing', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    await quiet();
    cluster.restart();
    await a.publish('tv', 2);
    await quiet();
    await cluster.beat();
    await a.publish('tv', 3);
    await quiet();
    expect(b.numbers('b1')).toEqual([1, 2, 3]);
    expect(b.events).toEqual([]);
    expect(b.gateway.closedWith('b1')).toBeUndefined();
  });

  it('of a log that began anew come only to those who resumed, and are told so', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    await a.publish('tv', 2);
    await quiet();
    const lastEventId = b.frames('b1').at(-1)?.id;
    cluster.flush();
    await a.publish('tv', 3);
    await quiet();
    expect(b.gateway.closedWith('b1')).toEqual({ code: 1012 });
    expect(b.frames('b1').at(-1)).toMatchObject({ type: 'goAway' });
    // Who is not subscribed has lost nothing.
    expect(c.gateway.closedWith('c1')).toBeUndefined();
    expect(b.numbers('b1')).toEqual([1, 2]);
    await b.disconnect('b1');
    await b.connect('b2', 'bob');
    const { data } = await b.ask('b2', 'subscribeToDeals', { topic: 'tv', lastEventId });
    expect(data).toMatchObject({ recovered: false, lost: { reason: 'epoch' } });
    await a.publish('tv', 4);
    await quiet();
    expect(b.numbers('b2')).toEqual([3, 4]);
    expect(b.events).toMatchObject([{ name: 'log-anew', given: 'e1-2', closed: 1 }]);
  });

  it('are not taken for those of a log that began anew and grew past the old one', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    await quiet();
    b.bus.cut();
    cluster.flush();
    for (let n = 0; n < 5; n += 1) await a.publish('tv', n);
    b.bus.mend();
    await quiet();
    expect(b.gateway.closedWith('b1')).toEqual({ code: 1012 });
    expect(b.numbers('b1')).toEqual([1]);
  });

  it('leave no place in a log of which a node does not know yet that it began anew', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    for (let n = 1; n <= 3; n += 1) await a.publish('tv', n);
    await quiet();
    const before = b.frames('b1').at(-1)?.id;
    b.bus.hold();
    cluster.flush();
    await a.publish('tv', 4);
    await quiet();
    // Offset 3 of the old log, and not of the new one, in which nobody was served that far.
    await b.ask('b1', 'ping');
    expect(b.frames('b1').at(-1)).toMatchObject({ type: 'pong', lastEventId: before });
    b.bus.release();
    for (let n = 5; n <= 9; n += 1) await a.publish('tv', n);
    await quiet();
    expect(b.gateway.closedWith('b1')).toEqual({ code: 1012 });
    expect(b.numbers('b1')).toEqual([1, 2, 3]);
  });

  it('are not read from a log that began anew while a client resumes', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    for (let n = 1; n <= 600; n += 1) await a.publish('tv', n);
    await quiet();
    const [first] = b.frames('b1').filter(({ id }) => id !== undefined);
    await b.connect('b2', 'bob');
    let pages = 0;
    const { send } = b.gateway;
    // After the first page another log is there, which grows past the old one.
    b.gateway.send = (...given) => {
      pages += 1;
      if (pages === 100) {
        b.bus.hold();
        cluster.flush();
        const event = { type: 'dealUpdate', topic: 'tv', at: cluster.clock.now() };
        cluster.streams.append(Array.from({ length: 700 }, (_, n) => ({ ...event, data: { n: -n - 1 } })));
      }
      return send(...given);
    };
    await b.ask('b2', 'subscribeToDeals', { topic: 'tv', lastEventId: first?.id });
    b.bus.release();
    await quiet();
    expect(b.gateway.closedWith('b2')).toEqual({ code: 1012 });
    const numbers = b.numbers('b2') as number[];
    expect(numbers.filter((n) => n < 0)).toEqual([]);
    expect(numbers).toEqual(numbers.map((_, i) => i + 2));
  });

  it('that retention took before a node saw them are owed to its subscribers', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    await a.publish('tv', 1);
    await quiet();
    b.bus.cut();
    await a.publish('tv', 2);
    await a.publish('tv', 3);
    await a.ports.streams.trim({ before: 0, keep: 1, limit: 10 });
    b.bus.mend();
    await quiet();
    expect(b.gateway.closedWith('b1')).toEqual({ code: 1012 });
    expect(b.numbers('b1')).toEqual([1]);
  });

  it('are not disturbed by what is foreign on the bus', async () => {
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    const send = (text: string) => a.bus.publish('log:tv', new TextEncoder().encode(text));
    await send('hello');
    await send('9 0 x9-9\n{"type":"dealUpdate","topic":"tv","data":{"n":9},"at":1}');
    await send('9 8 e1-9\n{"type":"dealUpdate","topic":"tv","data":{"n":9},"at":1}');
    await quiet();
    await a.publish('tv', 1);
    await quiet();
    await cluster.beat();
    expect(b.numbers('b1')).toEqual([1]);
    expect(b.counts['relayed foreign']).toBe(2);
    expect(b.events).toEqual([]);
  });
});
