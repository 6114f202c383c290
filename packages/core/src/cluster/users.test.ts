import { beforeEach, describe, expect, it } from 'vitest';
import type { Table } from '../ports/index.js';
import { quiet, type TestCluster, type TestNode, testCluster } from './testing/cluster.js';

describe('users in a cluster', () => {
  let cluster: TestCluster;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  beforeEach(async () => {
    cluster = await testCluster({ nodes: 3, limits: { connectionsPerUser: 3 } });
    [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
  });

  const say = async (node: TestNode, from: string, recipientId: string, content: string) =>
    (await node.ask(from, 'sendMessage', { recipientId, content })).data;

  it('get messages on all their connections, and copies of their own, once', async () => {
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    await c.connect('b2', 'bob');
    await c.connect('a2', 'alice');
    expect(await say(a, 'a1', 'bob', 'one')).toMatchObject({ status: 'delivered', sequence: 1 });
    expect(await say(b, 'b1', 'alice', 'two')).toMatchObject({ status: 'delivered', sequence: 2 });
    expect(await say(a, 'a1', 'carol', 'away')).toMatchObject({ status: 'stored' });
    await quiet();
    expect([a.said('a1'), b.said('b1'), c.said('b2'), c.said('a2')]).toEqual([
      ['two'],
      ['one'],
      ['one', 'two'],
      ['one', 'two', 'away'],
    ]);
    expect((await a.call('notifications', { userId: 'bob', title: 't', message: 'm' })).status).toBe(200);
    await quiet();
    for (const [node, id] of [
      [b, 'b1'],
      [c, 'b2'],
    ] as const) {
      expect(node.frames(id).filter(({ type }) => type === 'notification')).toHaveLength(1);
    }
  });

  it('find what was sent while they were away, then what comes live, in order and once', async () => {
    await a.connect('a1', 'alice');
    await say(a, 'a1', 'bob', '1');
    await say(a, 'a1', 'bob', '2');
    const connecting = b.connect('b1', 'bob');
    const sending = say(a, 'a1', 'bob', '3');
    await connecting;
    await sending;
    await say(a, 'a1', 'bob', '4');
    await quiet();
    expect(b.said('b1')).toEqual(['1', '2', '3', '4']);
  });

  it('are given what the bus lost before what follows it', async () => {
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    await say(a, 'a1', 'bob', '1');
    await quiet();
    b.bus.hold();
    await say(a, 'a1', 'bob', '2');
    b.bus.cut();
    expect(await say(a, 'a1', 'bob', '3')).toMatchObject({ status: 'stored' });
    b.bus.mend();
    await quiet();
    await cluster.beat();
    b.bus.release();
    expect(b.said('b1')).toEqual(['1', '2', '3']);
    await say(a, 'a1', 'bob', '4');
    await quiet();
    expect(b.said('b1')).toEqual(['1', '2', '3', '4']);
  });

  it('are served by their own node while the bus is away, and may connect', async () => {
    await a.connect('a1', 'alice');
    a.bus.cut();
    await a.connect('b1', 'bob');
    expect(await say(a, 'a1', 'bob', '1')).toMatchObject({ status: 'delivered' });
    await b.connect('b2', 'bob');
    expect(await say(a, 'a1', 'bob', '2')).toMatchObject({ status: 'delivered' });
    await b.connect('c1', 'carol');
    expect(await say(b, 'c1', 'bob', '3')).toMatchObject({ status: 'delivered' });
    expect(a.said('b1')).toEqual(['1', '2']);
    a.bus.mend();
    await cluster.beat();
    expect(a.said('b1')).toEqual(['1', '2', '3']);
    await say(b, 'c1', 'bob', '4');
    await quiet();
    expect([a.said('b1'), b.said('b2')]).toEqual([
      ['1', '2', '3', '4'],
      ['1', '2', '3', '4'],
    ]);
  });

  it('are given what a node stored that could not tell the others, when it can', async () => {
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    a.bus.cut();
    expect(await say(a, 'a1', 'bob', '1')).toMatchObject({ status: 'stored' });
    await cluster.beat(2);
    expect(b.said('b1')).toEqual([]);
    a.bus.mend();
    await cluster.beat();
    expect(b.said('b1')).toEqual(['1']);
  });

  it.each([
    ['dies', false],
    ['ends', true],
  ])('are given what a node stored that %s before it can tell the others', async (_, ends) => {
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    await cluster.beat(6);
    a.bus.cut();
    expect(await say(a, 'a1', 'bob', '1')).toMatchObject({ status: 'stored' });
    if (ends) await a.node.stop();
    cluster.nodes.splice(cluster.nodes.indexOf(a), 1);
    await cluster.beat(16);
    expect(b.said('b1')).toEqual(['1']);
  });

  it('are given what comes at the very end of their hand-over', async () => {
    await a.connect('a1', 'alice');
    const { directory } = b.node;
    const { unmark } = directory;
    let isFirst = true;
    directory.unmark = async (id, mark) => {
      const done = await unmark.call(directory, id, mark);
      if (isFirst) {
        isFirst = false;
        await say(a, 'a1', 'bob', '1');
        await quiet();
      }
      return done;
    };
    await b.connect('b1', 'bob');
    await quiet();
    expect(b.said('b1')).toEqual(['1']);
  });

  it('are not reached by a connection whose token is expired, until it is renewed', async () => {
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    const { directory } = b.node;
    const expire = async (expired: boolean) => {
      if (expired) await directory.mark('b1', 'rest');
      await directory.patch('b1', { expired });
      await quiet();
    };
    await expire(true);
    expect(await say(a, 'a1', 'bob', '1')).toMatchObject({ status: 'stored' });
    await c.connect('b2', 'bob');
    expect(await say(a, 'a1', 'bob', '2')).toMatchObject({ status: 'delivered' });
    await c.disconnect('b2');
    await quiet();
    expect(await say(a, 'a1', 'bob', '3')).toMatchObject({ status: 'stored' });
    expect(b.said('b1')).toEqual([]);
    await expire(false);
    expect(await say(a, 'a1', 'bob', '4')).toMatchObject({ status: 'delivered' });
    await expire(true);
    expect((await c.call('closeConnection', undefined, { id: 'b1' })).status).toBe(204);
    await quiet();
    expect(b.gateway.closedWith('b1')).toEqual({ code: 4003 });
  });

  it('have one connection of a client, wherever the newer one came', async () => {
    await a.connect('connection-1', 'alice', 'tab');
    await a.connect('connection-2', 'alice', 'other');
    await b.connect('connection-3', 'alice', 'tab');
    await quiet();
    expect(a.gateway.closedWith('connection-1')).toEqual({ code: 4010 });
    expect(a.gateway.closedWith('connection-2')).toBeUndefined();
    c.bus.cut();
    await c.connect('connection-4', 'alice', 'other');
    await quiet();
    expect(a.gateway.closedWith('connection-2')).toBeUndefined();
    c.bus.mend();
    await cluster.beat();
    expect(a.gateway.closedWith('connection-2')).toEqual({ code: 4010 });
  });

  it('are seen and closed from any node', async () => {
    await a.connect('a1', 'alice');
    await b.connect('a2', 'alice');
    const list = async () =>
      (
        (await c.call('listConnections', undefined, {}, { userId: 'alice' })).json['items'] as {
          connectionId: string;
        }[]
      )
        .map(({ connectionId }) => connectionId)
        .sort();
    expect(await list()).toEqual(['a1', 'a2']);
    expect((await c.call('closeConnection', undefined, { id: 'a1' })).status).toBe(204);
    await quiet();
    expect(a.gateway.closedWith('a1')).toEqual({ code: 4003 });
    await a.disconnect('a1');
    await quiet();
    expect(await list()).toEqual(['a2']);
    expect((await c.call('closeConnection', undefined, { id: 'a1' })).status).toBe(404);
    c.bus.cut();
    expect(await c.call('closeConnection', undefined, { id: 'a2' })).toMatchObject({ status: 503, retryAfter: 5 });
  });

  it('have no more connections than they may, however many nodes open them at once', async () => {
    await a.connect('x1', 'xavier');
    const tried = await Promise.all(
      [a, b, c, a, b, c].map((node, n) => node.connect(`x-${n}`, 'xavier').then(({ accepted }) => accepted)),
    );
    expect(tried.filter(Boolean)).toHaveLength(2);
    expect(await c.connect('late', 'xavier')).toMatchObject({ accepted: false, status: 429 });
    await a.disconnect('x1');
    await quiet();
    expect((await c.connect('later', 'xavier')).accepted).toBe(true);
  });

  it('leave no ghost beyond the lease of a node that died', async () => {
    await a.connect('a1', 'alice');
    await b.connect('a2', 'alice');
    const count = async () =>
      ((await c.call('listConnections', undefined, {}, { userId: 'alice' })).json['items'] as unknown[]).length;
    await cluster.beat(5);
    expect([await count(), c.node.nodes().size]).toEqual([2, 3]);
    cluster.nodes.splice(1, 1);
    await cluster.beat(15);
    expect([await count(), c.node.nodes().size]).toEqual([1, 2]);
    // Back from the dead, with its connections: they are registered anew.
    cluster.nodes.push(b);
    await cluster.beat(6);
    expect(b.events).toMatchObject([{ name: 'lease-lapsed' }]);
    await cluster.beat(5);
    expect([await count(), c.node.nodes().size]).toEqual([2, 3]);
  });

  it('are gone with a node that stops', async () => {
    await a.connect('a1', 'alice');
    await a.disconnect('a1');
    await a.node.stop();
    cluster.nodes.splice(0, 1);
    await cluster.beat(5);
    expect([...c.node.nodes().keys()]).toHaveLength(2);
    expect(await cluster.table.query('user#alice', { limit: 9 })).toEqual([]);
    expect(await cluster.table.get('conn#a1', 'connection')).toBeUndefined();
  });

  it('leave nothing behind where their node died long ago', async () => {
    await b.connect('a2', 'alice');
    cluster.nodes.splice(1, 1);
    await cluster.beat(15);
    expect((await c.call('listConnections', undefined, {}, { userId: 'alice' })).json['items']).toEqual([]);
    expect(await cluster.table.query('user#alice', { limit: 9 })).toHaveLength(1);
    await cluster.beat(300);
    expect((await c.call('listConnections', undefined, {}, { userId: 'alice' })).json['items']).toEqual([]);
    await quiet();
    expect(await cluster.table.query('user#alice', { limit: 9 })).toEqual([]);
  });

  it('are known to a node that has just started, and of one', async () => {
    await a.connect('a1', 'alice');
    const fresh = await cluster.start();
    expect((await fresh.call('listConnections', undefined, {}, { userId: 'alice' })).json['items']).toHaveLength(1);
    await fresh.connect('f1', 'fred');
    expect((await a.call('listConnections', undefined, {}, { userId: 'fred' })).json['items']).toHaveLength(1);
  });
});

describe('nodes of a cluster', () => {
  it('refuse who cannot be registered, and remove later what could not be removed', async () => {
    let fails = false;
    const failing = (table: Table): Table => ({
      ...table,
      putMany: (rows) => (fails ? Promise.reject(new Error('away')) : table.putMany(rows)),
      query: (pk, options) => (fails ? Promise.reject(new Error('away')) : table.query(pk, options)),
      delete: (pk, sk) => (fails ? Promise.reject(new Error('away')) : table.delete(pk, sk)),
    });
    const cluster = await testCluster({ nodes: 2, table: (table, node) => (node === 0 ? failing(table) : table) });
    const [a, b] = cluster.nodes as [TestNode, TestNode];
    await a.connect('a1', 'alice');
    fails = true;
    expect(await a.connect('a2', 'alice')).toMatchObject({ accepted: false, status: 503, retryAfter: 5 });
    await a.disconnect('a1');
    await quiet();
    fails = false;
    expect((await b.call('listConnections', undefined, {}, { userId: 'alice' })).json['items']).toHaveLength(1);
    await cluster.beat(5);
    expect((await b.call('listConnections', undefined, {}, { userId: 'alice' })).json['items']).toEqual([]);
  });

  it('notice clocks that differ, and deployments that were meant to be apart', async () => {
    const cluster = await testCluster({
      nodes: 3,
      ahead: (node) => (node === 1 ? 6_000 : 0),
      deployment: (node) => (node === 2 ? 'other' : 'one'),
    });
    await cluster.beat(11);
    const [a, b, c] = cluster.nodes.map(({ events }) => events);
    const names = (events: typeof a) => events?.map(({ name }) => name).sort();
    expect(names(a)).toEqual(['clock-skew', 'other-deployment']);
    expect(names(b)).toEqual(['other-deployment']);
    expect(names(c)).toEqual(['clock-skew', 'other-deployment']);
    expect(a?.find(({ name }) => name === 'clock-skew')).toMatchObject({ ahead: 6_000 });
  });

  it('miss who shares the table and is not heard on the bus', async () => {
    const cluster = await testCluster({
      nodes: 3,
      bus: { passage: (channel, to) => (channel === 'nodes' && to === 3 ? 'is-lost' : 'arrives') },
    });
    await cluster.beat(20);
    expect(cluster.nodes.map(({ events }) => events.length)).toEqual([0, 0, 0]);
    await cluster.beat(20);
    // The broker's own end is the first, so that the last node is the one that hears nobody.
    expect(cluster.nodes.map(({ events }) => events.map(({ name }) => name))).toEqual([
      [],
      [],
      ['unheard-node', 'unheard-node'],
    ]);
  });

  it('that share the log alone keep their users to themselves', async () => {
    const cluster = await testCluster({ nodes: 2, sharesTable: false });
    const [a, b] = cluster.nodes as [TestNode, TestNode];
    await a.connect('a1', 'alice');
    await b.connect('b1', 'bob');
    await b.ask('b1', 'subscribeToDeals', { topic: 'tv' });
    expect((await a.publish('tv', 1)).json).toMatchObject({ nodes: 1 });
    await a.ask('a1', 'sendMessage', { recipientId: 'bob', content: 'x' });
    await quiet();
    expect([b.numbers('b1'), b.said('b1')]).toEqual([[1], []]);
    expect((await a.call('closeConnection', undefined, { id: 'a1' })).status).toBe(204);
    expect(a.gateway.closedWith('a1')).toEqual({ code: 4003 });
  });
});
