import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isReady } from './readiness.js';
import { type Backend, RoundRobin, type RoundRobinOptions } from './round-robin.js';
import { call, echo, hangUp } from './testing/echo.js';

const balancers: RoundRobin[] = [];

const balance = async (backends: readonly Backend[], more: Partial<RoundRobinOptions> = {}): Promise<RoundRobin> => {
  const balancer = await RoundRobin.listen({ backends, lookEveryMs: 0, ...more });
  balancers.push(balancer);
  return balancer;
};

const three = async () => {
  const made = [await echo('a'), await echo('b'), await echo('c')];
  const backends = made.map(({ host, port }, i) => ({ host, port, name: ['a', 'b', 'c'][i] as string }));
  return { backends, servers: made.map(({ server }) => server) };
};

/** Who answers the next so many connections. */
const answering = async (balancer: RoundRobin, times: number): Promise<string> => {
  let names = '';
  for (let i = 0; i < times; i += 1) {
    const caller = await call(balancer);
    caller.socket.end();
    await caller.over;
    names += caller.text();
  }
  return names;
};

afterEach(async () => {
  for (const balancer of balancers.splice(0)) await balancer.close();
  await hangUp();
});

describe('the load balancer', () => {
  it('gives each connection to the next in turn, whoever it is from', async () => {
    const { backends } = await three();
    expect(await answering(await balance(backends), 6)).toBe('abcabc');
  });

  it('takes out who is not ready, keeps its connections, and takes it in again', async () => {
    const { backends } = await three();
    const out = new Set<string>();
    const changes: string[] = [];
    const balancer = await balance(backends, {
      isReady: async ({ name }) => !out.has(name),
      onChange: ({ name }, isIn) => changes.push(`${name} ${isIn ? 'in' : 'out'}`),
    });
    const kept = await call(balancer);
    await kept.received('a');
    out.add('a');
    await balancer.look();
    expect(await answering(balancer, 4)).toBe('bcbc');
    kept.socket.write('!');
    await kept.received('a!');
    out.clear();
    await balancer.look();
    expect(await answering(balancer, 3)).toBe('abc');
    expect(changes).toEqual(['a out', 'a in']);
  });

  it('goes on to the next where one refuses, and does not try it again before it is ready', async () => {
    const { backends, servers } = await three();
    const balancer = await balance(backends);
    servers[1]?.close();
    expect(await answering(balancer, 4)).toBe('acac');
    expect(backends.map((backend) => balancer.isIn(backend))).toEqual([true, false, true]);
  });

  it('goes on as before where nobody is ready, so that the answer says why', async () => {
    const { backends } = await three();
    const balancer = await balance(backends, { isReady: async () => false });
    await balancer.look();
    expect(await answering(balancer, 4)).toBe('abca');
  });

  it('answers 503 where nobody is left', async () => {
    const { backends, servers } = await three();
    const balancer = await balance(backends);
    for (const server of servers) server.close();
    const answer = await fetch(balancer.url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('breaks the client’s side when the server’s breaks', async () => {
    const { backends } = await three();
    const [backend] = backends;
    const balancer = await balance(backend === undefined ? [] : [backend]);
    const caller = await call(balancer);
    await caller.received('a');
    await hangUp();
    await caller.over;
  });

  it('names the option where its port is taken', async () => {
    const first = await balance([]);
    await expect(balance([], { port: first.port })).rejects.toThrow(/port \d+ is taken .* --port/u);
  });
});

describe('readiness', () => {
  it('is an answer of 200, in time', async () => {
    let status = 200;
    const server = createServer((_, answer) => {
      if (status > 0) answer.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    expect(await isReady(at)).toBe(true);
    status = 503;
    expect(await isReady(at)).toBe(false);
    status = 0;
    expect(await isReady(at, 20)).toBe(false);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await isReady(at)).toBe(false);
  });
});
