import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterOptions, LocalCluster } from './local-cluster.js';
import { type LocalServices, startServices } from './local-services.js';

const FAKE = fileURLToPath(new URL('./testing/fake-node.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'aideals-local-cluster-'));
let services: LocalServices;

beforeAll(async () => {
  services = await startServices(folder);
});

afterAll(async () => {
  await services.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (more: Partial<ClusterOptions> = {}): Promise<LocalCluster> =>
  LocalCluster.start({ nodes: 3, folder, env: {}, services, command: [process.execPath, FAKE], ...more });

const ask = async (cluster: LocalCluster): Promise<string> => {
  const answer = await fetch(cluster.url, { headers: { connection: 'close' } });
  return answer.text();
};

describe('a local cluster', () => {
  it('has nodes on Redis and DynamoDB behind a load balancer, and shows which goes and comes', async () => {
    const seen: string[] = [];
    const cluster = await start({
      onExit: ({ name }, { signal }, isExpected) => seen.push(`${name} ${signal} ${isExpected}`),
    });
    const ports = cluster.nodes.map(({ port }) => String(port));
    const [one, two, three] = ports;
    expect([await ask(cluster), await ask(cluster), await ask(cluster)]).toEqual([one, two, three]);
    const [first] = cluster.nodes;
    if (first === undefined) throw new Error('no node');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await cluster.balancer.look();
    expect([await ask(cluster), await ask(cluster), await ask(cluster)]).toEqual([two, three, two]);
    await first.start();
    await cluster.balancer.look();
    expect(new Set([await ask(cluster), await ask(cluster), await ask(cluster)])).toEqual(new Set(ports));
    await first.kill();
    expect(seen).toEqual(['node-1 SIGKILL false', 'node-1 SIGKILL true']);
    await cluster.stop();
    expect(cluster.nodes.map(({ isRunning }) => isRunning)).toEqual([false, false, false]);
  });

  it('stops a node in mid-air: it is out until it goes on', async () => {
    const cluster = await start({ nodes: 2, links: true });
    const [first, second] = cluster.nodes;
    first?.pause();
    await cluster.balancer.look();
    expect([await ask(cluster), await ask(cluster)]).toEqual([String(second?.port), String(second?.port)]);
    first?.resume();
    await cluster.balancer.look();
    expect(new Set([await ask(cluster), await ask(cluster)]).size).toBe(2);
    await cluster.stop({ drain: true });
  });

  it('says why it could not start, and leaves nothing running', async () => {
    await expect(start({ env: { FAIL_START: '1' } })).rejects.toThrow(/ended with 2.*\n.*JWT_SECRET/u);
  });
});

describe('the local Redis', () => {
  it('keeps its data over a restart, which is another run, and forgets it when flushed', async () => {
    const { redis } = services;
    const run = async () => /run_id:(\w+)/u.exec(String(await redis.command('INFO', 'server')))?.[1];
    const before = await run();
    await redis.command('SET', 'kept', 'yes');
    await redis.restart();
    expect(await redis.command('GET', 'kept')).toBe('yes');
    expect(await run()).not.toBe(before);
    await redis.flush();
    expect(await redis.command('GET', 'kept')).toBeNull();
  });

  it('answers nothing while it is stopped in mid-air', async () => {
    const { redis } = services;
    redis.pause();
    const order: string[] = [];
    const answer = redis.command('PING').then((pong) => order.push(String(pong)));
    order.push('resumed');
    redis.resume();
    await answer;
    expect(order).toEqual(['resumed', 'PONG']);
  });
});
