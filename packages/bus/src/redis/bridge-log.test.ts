import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBench, type TestNode } from '../testing/redis.js';
import { type BridgedEvent, bridgeLog } from './bridge-log.js';

const bench = new TestBench();
let node: TestNode;
beforeAll(async () => {
  node = await bench.node({ url: (await bench.server()).url });
});
afterAll(() => bench.close());

const message = (n: number, digest = `digest-${n}`, until = Number.MAX_SAFE_INTEGER) => ({
  digest,
  until,
  event: { type: 'dealUpdate', topic: 'tv', data: { n }, at: 0 },
});

let names = 0;
const bridge = (prefix: string) => {
  const taken: BridgedEvent[] = [];
  const log = bridgeLog({
    commands: node.commands,
    prefix,
    name: () => {
      names += 1;
      return `name${names}`;
    },
    take: async (events) => void taken.push(...events),
  });
  return { log, taken, keys: () => taken.map(({ key }) => key) };
};

describe('the log of a bridge', () => {
  it('names what two bridges hear alike, and each time that it is published otherwise', async () => {
    const [one, other] = [bridge('pair'), bridge('pair')];
    await one.log.take('a', 1, [message(1), message(2), message(1)]);
    await other.log.take('b', 1, [message(1)]);
    await other.log.take('b', 2, [message(2), message(1)]);
    expect(new Set(one.keys()).size).toBe(3);
    expect(other.keys()).toEqual(one.keys());
    expect(other.taken.map(({ event }) => event.data['n'])).toEqual([1, 2, 1]);
    expect(one.keys()[0]).toMatch(/^bridge:digest-1:name\d+\.1$/u);
  });

  it('counts a call that is made again, since its answer was lost, once', async () => {
    const { log, keys } = bridge('again');
    await log.take('a', 1, [message(1)]);
    await log.take('a', 1, [message(1)]);
    await log.take('a', 2, [message(1)]);
    const [first, again, next] = keys();
    expect(again).toBe(first);
    expect(next).toBe(first?.replace(/1$/u, '2'));
  });

  it('keeps what is too old to be known by another, and tells the time of Redis', async () => {
    const { log, keys } = bridge('late');
    const { time } = await log.take('a', 0, []);
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
    const answer = await log.take('a', 1, [message(1, 'old', time - 1), message(2)]);
    expect(answer).toMatchObject({ taken: 1, late: 1 });
    expect(keys()).toHaveLength(1);
  });

  it('forgets a message a minute after it was heard last', async () => {
    const { log } = bridge('forgets');
    await log.take('a', 1, [message(1)]);
    const left = await node.commands.run((client) =>
      client.sendCommand<number>(['PTTL', 'forgets.{log}:bridge:heard:digest-1']),
    );
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });
});
