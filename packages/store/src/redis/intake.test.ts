import { type Intake, type IntakeSummary, redisIntake } from '@aideals/bus';
import { decodeAnnouncement, logChannel, outsideEvent } from '@aideals/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishWithPython } from '../../../local-cluster/src/testing/python-publisher.js';
import { startRedis, type TestNode, type TestRedis } from '../testing/redis.js';
import { type RedisStreams, redisStreams } from './streams.js';

let server: TestRedis;
const intakes: Intake[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const intake of intakes.splice(0)) await intake.stop();
});
afterAll(() => server.stop());

const clock = { now: () => 1_700_000_000_000 };
const message = (n: number | string, topic = 'electronics') => ({
  topic,
  text: JSON.stringify({ type: 'dealUpdate', data: { n }, timestamp: 1_700_000_000 }),
});

type Take = RedisStreams['take'];

/** A node that takes what is published, and tells when its log has answered. */
const nodeOf = async (prefix: string, name: string, around: (take: Take) => Take = (take) => take) => {
  const node = await server.node(prefix);
  const { redis, channelName, subscriber } = node;
  const streams = await redisStreams({ redis, clock, segment: () => `s${name}`, prefix, channelName });
  const reports: IntakeSummary[] = [];
  let handed = 0;
  let wake = (): void => undefined;
  const take: Take = async (...given) => {
    const taking = await around((...args) => streams.take(...args))(...given);
    handed += given[2].length;
    wake();
    return taking;
  };
  const intake = redisIntake({
    subscriber,
    prefix,
    node: name,
    log: { take },
    read: (topic, text) => outsideEvent(topic, text, clock.now(), 131_072),
    report: (summary) => reports.push(summary),
    settleMs: 0,
  });
  intakes.push(intake);
  await intake.start();
  return {
    ...node,
    streams,
    reports,
    /** Resolves when the log has answered for so many. */
    until: async (count: number): Promise<void> => {
      while (handed < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    numbers: async () => (await streams.read({ after: 0, limit: 1_000 })).events.map(({ data }) => data['n']),
  };
};

const publish = ({ commands }: TestNode, prefix: string, { topic, text }: { topic: string; text: string }) =>
  commands.run((client) => client.sendCommand<number>(['PUBLISH', `${prefix}:${topic}`, text]));

describe('what others publish on Redis', () => {
  it('comes into the log once, in the order of the publisher, though every node hears it', async () => {
    const prefix = server.nextPrefix();
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => nodeOf(prefix, name)));
    const publisher = await server.node(prefix);
    // Some are the same, byte for byte: each counts.
    const numbers = Array.from({ length: 300 }, (_, n) => n % 7);
    expect(await Promise.all(numbers.map((n) => publish(publisher, prefix, message(n))))).toEqual(numbers.map(() => 3));
    await Promise.all(nodes.map(({ until }) => until(300)));
    expect(await nodes[0]?.numbers()).toEqual(numbers);
  });

  it('is announced to all nodes as any event is', async () => {
    const prefix = server.nextPrefix();
    const node = await nodeOf(prefix, 'a');
    const announced = new Promise<Uint8Array>((resolve) => node.bus.subscribe(logChannel('all-deals'), resolve));
    await publish(node, prefix, message('x', 'new-deals'));
    const topic = 'new-deals';
    expect(decodeAnnouncement(await announced)).toMatchObject({
      previous: 0,
      event: { offset: 1, topic, type: 'dealUpdate' },
    });
  });

  it('comes once where nodes die with what they heard, and others are slow', async () => {
    const prefix = server.nextPrefix();
    let isDead = false;
    const dying = await nodeOf(prefix, 'dying', (take) => async (...given) => {
      // It has handed on the first, and dies before it hears so.
      await take(...given);
      isDead = true;
      dying.close();
      throw new Error('dead');
    });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await nodeOf(prefix, 'slow', (take) => async (...given) => {
      await held;
      return take(...given);
    });
    const publisher = await server.node(prefix);
    for (let n = 0; n < 20; n += 1) await publish(publisher, prefix, message(n));
    release();
    await slow.until(20);
    expect(isDead).toBe(true);
    expect(await slow.numbers()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('comes once where the answer of the log is lost, and the call is made again', async () => {
    const prefix = server.nextPrefix();
    let lost = 0;
    const node = await nodeOf(prefix, 'a', (take) => async (...given) => {
      const taking = await take(...given);
      if (given[2].length === 0 || lost >= 2) return taking;
      lost += 1;
      throw new Error('the connection ended');
    });
    for (let n = 0; n < 5; n += 1) await publish(node, prefix, message(n));
    await node.until(5);
    expect(lost).toBe(2);
    expect(await node.numbers()).toEqual([0, 1, 2, 3, 4]);
  });

  it('is told, and not taken, where it was heard too late to know whether others took it', async () => {
    const prefix = server.nextPrefix();
    const late = await nodeOf(
      prefix,
      'a',
      (take) => (name, call, messages) =>
        take(
          name,
          call,
          messages.map((each) => ({ ...each, until: each.until - 60_000 })),
        ),
    );
    await publish(late, prefix, message(1));
    await late.until(1);
    expect(late.reports).toEqual([{ broken: 0, late: 1, lost: 0 }]);
    expect(await late.streams.top()).toBe(0);
  });

  it('is refused where it is no event, and told without what it says', async () => {
    const prefix = server.nextPrefix();
    const node = await nodeOf(prefix, 'a');
    const raw = (bytes: Buffer) => node.commands.run((client) => client.sendCommand(['PUBLISH', `${prefix}:x`, bytes]));
    await raw(Buffer.from('{"type":"dealUpdate","data":{"secret":NaN}}'));
    await raw(Buffer.from('7b2264617461223a7b2278223a22ff227d7d', 'hex'));
    await publish(node, prefix, message(1, 'no topic'));
    await publish(node, prefix, message(2));
    await node.until(1);
    expect(await node.numbers()).toEqual([2]);
    expect(node.reports).toEqual([{ broken: 1, problem: 'is not a JSON object', late: 0, lost: 0 }]);
    await intakes.pop()?.stop();
    expect(node.reports[1]).toMatchObject({ broken: 2, problem: expect.stringMatching(/^topic: /u) });
  });

  it('is none of what the nodes say to each other', async () => {
    const prefix = server.nextPrefix();
    const node = await nodeOf(prefix, 'a');
    await node.bus.publish('user:u', Buffer.from('x'));
    await node.streams.append([{ type: 'dealUpdate', topic: 'a', data: {}, at: 1 }]);
    await publish(node, prefix, message(1));
    await node.until(1);
    expect(node.reports).toEqual([]);
    expect(await node.streams.top()).toBe(2);
  });

  it('comes from redis-py as the guide publishes it', async () => {
    const prefix = server.nextPrefix();
    const nodes = await Promise.all(['a', 'b'].map((name) => nodeOf(prefix, name)));
    const { port } = server.server;
    await publishWithPython({ port, channel: `${prefix}:new-deals`, type: 'dealUpdate', count: 20 });
    await Promise.all(nodes.map(({ until }) => until(20)));
    expect(await nodes[0]?.numbers()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});
