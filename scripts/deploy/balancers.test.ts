/** The nginx and haproxy configurations, run as they are but for addresses and times, before two servers. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, freePort, LocalNode, requireProgram } from '@aideals/local-cluster';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const deploy = join(import.meta.dirname, '../../deploy');
const folder = mkdtempSync(join(tmpdir(), 'aideals-balancers-'));
const secret = 'a secret of at least thirty-two bytes';
const DENIED = '127.0.0.9';

/** The configuration's timeouts are shorter here, and so is the heartbeat that keeps sockets within them. */
const IDLE_SECONDS = 2;

interface Balancer {
  readonly name: string;
  /** The file, with the port that it listens on and those of its nodes. */
  readonly file: (port: number, nodes: readonly number[]) => string;
  readonly program: string;
  readonly debian: string;
  readonly check: (file: string) => readonly string[];
  readonly run: (file: string) => readonly string[];
}

const configuration = (name: string, port: number, nodes: readonly number[], shorten: RegExp): string => {
  let text = readFileSync(join(deploy, name), 'utf8');
  for (const [i, at] of nodes.entries()) text = text.replaceAll(`node-${i + 1}:3001`, `127.0.0.1:${at}`);
  text = text
    .replaceAll('/tmp/', `${folder}/`)
    .replace(/^.*node-3:3001.*\n/mu, '')
    .replaceAll('8080', String(port))
    // As little as a test may have: one process, in which one request comes after the other, and few open files.
    .replace('worker_processes auto', 'worker_processes 1')
    .replace('maxconn 100000', 'maxconn 1000')
    .replace('/dev/stdout', join(folder, 'access.log'))
    .replaceAll(shorten, (line) => line.replace('90s', `${IDLE_SECONDS}s`));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const balancers: readonly Balancer[] = [
  {
    name: 'nginx',
    file: (port, nodes) => configuration('nginx.conf', port, nodes, /proxy_(?:read|send)_timeout 90s/gu),
    program: 'nginx',
    debian: 'nginx-light',
    check: (file) => ['-t', '-q', '-e', 'stderr', '-c', file],
    run: (file) => ['-e', 'stderr', '-g', 'daemon off;', '-c', file],
  },
  {
    name: 'haproxy',
    file: (port, nodes) => configuration('haproxy.cfg', port, nodes, /timeout (?:client|server|tunnel) 90s/gu),
    program: 'haproxy',
    debian: 'haproxy',
    check: (file) => ['-c', '-q', '-f', file],
    run: (file) => ['-db', '-f', file],
  },
];

const token = (sub: string): Promise<string> =>
  new SignJWT({ sub, scope: 'publish' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));

interface Dialled {
  readonly socket: WebSocket;
  readonly status: number;
  /** Heartbeats of the server that came. */
  beats: number;
}

const dial = async (port: number, headers: Record<string, string> = {}): Promise<Dialled> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?token=${await token('ann')}`, { headers });
  const dialled = { socket, status: 101, beats: 0 };
  socket.on('ping', () => {
    dialled.beats += 1;
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, answer) => {
      dialled.status = answer.statusCode ?? 0;
      answer.destroy();
      resolve();
    });
    socket.once('close', () => resolve());
  });
  return dialled;
};

const ask = async ({ socket }: Dialled, frame: object): Promise<{ type: string }> => {
  const answer = once(socket, 'message');
  socket.send(JSON.stringify(frame));
  return JSON.parse(String((await answer)[0]));
};

const statusOf = (port: number, path: string, more: object = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false, ...more }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', reject);
    asked.end();
  });

const connectionsOf = async ({ url }: LocalNode): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^aideals_connections (\d+)$/mu.exec(metrics)?.[1]);
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(balancers)('$name', ({ name, file, program, debian, check, run }) => {
  let nodes: LocalNode[] = [];
  let balancer: Child;
  let port = 0;

  beforeAll(async () => {
    const path = await requireProgram(program, { debian });
    nodes = await Promise.all(
      ['node-1', 'node-2'].map((node) =>
        LocalNode.at({
          name: node,
          env: {
            JWT_SECRET: secret,
            AIDEALS_DATA_DIR: join(folder, name, node),
            AIDEALS_HEARTBEAT_SECONDS: '1',
            AIDEALS_TRUSTED_PROXIES: '127.0.0.1/32',
            AIDEALS_IP_DENY: DENIED,
            AIDEALS_LOG_LEVEL: 'warn',
          },
        }),
      ),
    );
    port = await freePort();
    const at = file(
      port,
      nodes.map((node) => node.port),
    );
    execFileSync(path, check(at), { stdio: 'pipe' });
    await Promise.all(nodes.map((node) => node.start()));
    balancer = new Child({ name, command: [path, ...run(at)] });
    while ((await statusOf(port, '/healthz').catch(() => 0)) !== 200) {
      if (balancer.end !== undefined) throw new Error(balancer.lines.join('\n'));
    }
  });

  afterAll(async () => {
    await balancer?.stop();
    for (const node of nodes) if (node.isRunning) await node.kill();
  });

  test('carries upgrades and frames, to one node after the other, and HTTP beside them', async () => {
    const dialled = [await dial(port), await dial(port), await dial(port), await dial(port)];
    expect(dialled.map(({ status }) => status)).toEqual([101, 101, 101, 101]);
    for (const one of dialled) expect((await ask(one, { action: 'ping' })).type).toBe('pong');
    for (const node of nodes) {
      expect(await connectionsOf(node)).toBe(2);
    }
    for (const { socket } of dialled) socket.terminate();
    expect(await statusOf(port, '/v1/nothing')).toBe(404);
    expect(
      await statusOf(port, '/ws?token=wrong', { headers: { upgrade: 'websocket', connection: 'upgrade' } }),
    ).not.toBe(101);
  });

  test('keeps a socket on which nothing is said for longer than its timeouts, since the server pings it', async () => {
    const dialled = await dial(port);
    while (dialled.beats <= IDLE_SECONDS + 1) await once(dialled.socket, 'ping');
    expect((await ask(dialled, { action: 'ping' })).type).toBe('pong');
    dialled.socket.terminate();
  });

  test('tells the nodes who asks, and lets nobody say that of himself', async () => {
    expect(await statusOf(port, '/v1/nothing', { localAddress: DENIED })).toBe(403);
    expect(await statusOf(port, '/v1/nothing', { headers: { 'x-forwarded-for': DENIED } })).toBe(404);
    const dialled = await dial(port, { 'x-forwarded-for': DENIED });
    expect(dialled.status).toBe(101);
    dialled.socket.terminate();
  });

  test('shows no metrics outside, and writes no token to its log', async () => {
    expect(await statusOf(port, '/metrics')).toBe(404);
    await statusOf(port, `/healthz?token=${await token('ann')}`);
    // What was asked before is written by now.
    await statusOf(port, '/healthz');
    const written = name === 'nginx' ? readFileSync(join(folder, 'access.log'), 'utf8') : balancer.lines.join('\n');
    expect(written).toContain('/healthz');
    expect(written).not.toContain('token');
  });

  test('turns to the other node when one dies, in the same moment', async () => {
    const dialled = [await dial(port), await dial(port), await dial(port), await dial(port)];
    const closed = dialled.map(async ({ socket }) => (await once(socket, 'close'))[0]);
    const [first, second] = nodes;
    await first?.kill();
    expect(await Promise.race(closed)).toBe(1006);
    const after = [await dial(port), await dial(port), await dial(port)];
    expect(after.map(({ status }) => status)).toEqual([101, 101, 101]);
    for (let n = 0; n < 5; n += 1) expect(await statusOf(port, '/healthz')).toBe(200);
    // One that goes away is asked for nothing new, and both keep what they have until it leaves.
    await first?.start();
    while (first !== undefined && (await connectionsOf(first)) === 0) dialled.push(await dial(port));
    second?.signal('SIGTERM');
    const [goAway] = await once((after[0] as Dialled).socket, 'message');
    expect(JSON.parse(String(goAway)).type).toBe('goAway');
    const during = await dial(port);
    expect(during.status).toBe(101);
    expect((await ask(during, { action: 'getStatus' })).type).toBe('statusUpdate');
    for (const { socket } of [...dialled, ...after, during]) socket.terminate();
    expect(balancer.lines.join('\n')).not.toContain('token');
  });
});

test('the timeouts that are shipped are longer than the server’s', () => {
  for (const name of ['nginx.conf', 'haproxy.cfg', 'kubernetes/ingress.yaml']) {
    const times = [
      ...readFileSync(join(deploy, name), 'utf8').matchAll(
        /(?:proxy[_-](?:read|send)[_-]timeout|timeout (?:client|server|tunnel)):? "?(\d+)/gu,
      ),
    ];
    expect(times.length, name).toBeGreaterThanOrEqual(2);
    for (const [setting, seconds] of times) expect(Number(seconds), `${name}: ${setting}`).toBeGreaterThan(66);
  }
});
