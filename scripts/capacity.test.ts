/** The calculator says what docs/scaling.md says, and what a hand would. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import measured from './capacity/measured.json' with { type: 'json' };
import { capacity, defaults } from './capacity/model.mjs';

const root = join(import.meta.dirname, '..');

const none = { ...defaults, connections: 0, events: 0, messages: 0, notifications: 0 };

describe('the capacity model', () => {
  test('needs next to nothing where nothing is asked', () => {
    const { nodes, redis, dynamo } = capacity(none, measured);
    expect(nodes.nodes).toBe(1);
    expect(redis.cores).toBe(0);
    expect(dynamo.writes).toBeCloseTo(measured.cost.dynamo.nodeSecond.writes);
  });

  test('counts by hand: 12,000 connections of an hour, 10 events a second that match a tenth', () => {
    const asked = { ...none, connections: 12_000, sessionMinutes: 60, events: 10, matching: 10, headroom: 50 };
    const { rates, nodes, dynamo } = capacity(asked, measured);
    const { cost } = measured;
    expect(rates).toMatchObject({ deliveries: 12_000, connects: 12_000 / 3_600 });
    const micros =
      12_000 * cost.nodeMicrosPerDelivery +
      10 * cost.nodeMicrosPerPublish +
      (12_000 / 3_600) * cost.nodeMicrosPerConnect;
    expect(nodes.byCpu).toBeCloseTo(micros / 1e6 / (0.5 - (10 * cost.nodeMicrosPerEventHeard) / 1e6));
    expect(nodes.byMemory).toBeCloseTo((12_000 * cost.nodeKibPerConnection * 1024) / (1.5 * 2 ** 30 * 0.5));
    expect(nodes.nodes).toBe(Math.ceil(Math.max(nodes.byCpu, nodes.byMemory)) + 1);
    expect(dynamo.writes).toBeCloseTo(
      (12_000 / 3_600) * cost.dynamo.connection.writes + nodes.nodes * cost.dynamo.nodeSecond.writes,
    );
  });

  test.each(['connections', 'events', 'messages', 'notifications', 'matching'])('needs no less for more %s', (name) => {
    const more = { ...defaults, [name]: defaults[name as keyof typeof defaults] * 3 };
    const [one, other] = [capacity(defaults, measured), capacity(more, measured)];
    expect(other.nodes.nodes).toBeGreaterThanOrEqual(one.nodes.nodes);
    expect(other.dynamo.dollarsPerMonth).toBeGreaterThanOrEqual(one.dynamo.dollarsPerMonth);
    expect(other.redis.cores).toBeGreaterThanOrEqual(one.redis.cores);
  });

  test('says where events alone fill every node, and where one Redis is not enough', () => {
    const flood = capacity({ ...defaults, events: 50_000, matching: 0 }, measured);
    expect(flood.nodes.byCpu).toBe(Number.POSITIVE_INFINITY);
    expect(flood.redis.isEnough).toBe(false);
  });
});

describe('npm run capacity', () => {
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, ['scripts/capacity.mjs', ...args], { cwd: root, encoding: 'utf8', stdio: 'pipe' });

  test('prints what docs/scaling.md shows', () => {
    const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');
    const examples = [...page.matchAll(/^\$ npm run -s capacity ?(?:-- )?(.*)\n([\s\S]*?)```/gmu)];
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const [, args = '', output = ''] of examples) {
      expect(run(...args.split(' ').filter((word) => word !== ''))).toBe(output);
    }
  });

  test('names what is wrong', () => {
    expect(() => run('--events', 'many')).toThrow(/--events takes a number, not many/u);
    expect(run('--help')).toContain('--session-minutes');
  });
});
