import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { type Intake, redisIntake } from '@aideals/bus';
import { outsideEvent } from '@aideals/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../testing/redis.js';
import { redisStreams } from './streams.js';

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
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A node that takes what is published, and tells when its part is done. */
const nodeOf = async (prefix: string, name: string) => {
  const node = await server.node(prefix);
  const { redis, channelName, subscriber } = node;
  const streams = await redisStreams({ redis, clock, segment: () => `s${name}`, prefix, channelName });
  let heard = 0;
  let wake = (): void => undefined;
  const problems: string[] = [];
  const intake = redisIntake({
    subscriber,
    prefix,
    lost: (error) => problems.push(String(error)),
    take: async ({ name: topic, text }) => {
      const found = outsideEvent(topic, text, clock.now(), 131_072);
      if (found.ok) await streams.take(name, digest(`${topic}\n${text}`), found.event);
      else problems.push(found.problem);
      heard += 1;
      wake();
    },
  });
  intakes.push(intake);
  await intake.start();
  const until = async (count: number): Promise<void> => {
    while (heard < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { ...node, streams, problems, until, intake };
};

/** As it is found in the guide, but for the connection. */
const PUBLISHER = `
import json, sys, time, redis
redis_client = redis.Redis(host='127.0.0.1', port=int(sys.argv[1]))
def publish_message(channel, message_type, data):
    message = {'type': message_type, 'data': data, 'timestamp': int(time.time())}
    redis_client.publish(channel, json.dumps(message))
for n in range(int(sys.argv[3])):
    publish_message(sys.argv[2], 'dealUpdate', {'dealId': 'deal-%d' % n})
`;

describe('what others publish on Redis', () => {
  it('comes into the log once, in the order of the publisher, though every node hears it', async () => {
    const prefix = server.nextPrefix();
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => nodeOf(prefix, name)));
    const [{ commands, streams }] = nodes as [(typeof nodes)[number]];
    const texts = Array.from({ length: 100 }, (_, n) =>
      JSON.stringify({ type: 'dealUpdate', data: { n: n % 7 }, timestamp: 1 }),
    );
    await Promise.all(
      texts.map((text) => commands.run((client) => client.sendCommand(['PUBLISH', `${prefix}:electronics`, text]))),
    );
    await Promise.all(nodes.map(({ until }) => until(100)));
    const { events } = await streams.read({ after: 0, limit: 1_000 });
    expect(events.map(({ data }) => data['n'])).toEqual(texts.map((_, n) => n % 7));
    expect(events.every(({ topic }) => topic === 'electronics')).toBe(true);
  });

  it('comes once where a node that heard it dies before it took it', async () => {
    const prefix = server.nextPrefix();
    const [one, other] = [await nodeOf(prefix, 'a'), await nodeOf(prefix, 'b')];
    one.close();
    await other.commands.run((client) =>
      client.sendCommand(['PUBLISH', `${prefix}:x`, '{"type":"dealUpdate","data":{}}']),
    );
    await other.until(1);
    expect(await other.streams.top()).toBe(1);
  });

  it('is refused where it is no event', async () => {
    const prefix = server.nextPrefix();
    const { commands, streams, until, problems } = await nodeOf(prefix, 'a');
    await commands.run((client) => client.sendCommand(['PUBLISH', `${prefix}:x`, 'nonsense']));
    await until(1);
    expect(problems).toEqual(['is not a JSON object']);
    expect(await streams.top()).toBe(0);
  });

  it('comes from redis-py as the guide publishes it', async () => {
    const prefix = server.nextPrefix();
    const nodes = await Promise.all(['a', 'b'].map((name) => nodeOf(prefix, name)));
    await promisify(execFile)('/usr/bin/python3', [
      '-c',
      PUBLISHER,
      String(server.server.port),
      `${prefix}:new-deals`,
      '20',
    ]);
    await Promise.all(nodes.map(({ until }) => until(20)));
    const { events } = await (nodes[0] as (typeof nodes)[number]).streams.read({ after: 0, limit: 100 });
    expect(events.map(({ data }) => data['dealId'])).toEqual(Array.from({ length: 20 }, (_, n) => `deal-${n}`));
  });
});
