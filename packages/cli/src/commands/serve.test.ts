import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { aideals, clean, type Ended, SECRET, serve, start, temporary } from '../testing/command-line.js';

afterEach(clean);

/** What is told to a person: not the log, whose lines are JSON. */
const told = (end: Ended): string[] => end.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

const listening = async (): Promise<{ server: Server; port: string }> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: String(address.port) };
};

describe('aideals serve', () => {
  it('says in one line of stdout where it is ready, serves, and stops at SIGTERM', async () => {
    const server = await serve({ AIDEALS_DATA_DIR: join(temporary(), 'data') });
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
    server.child.kill('SIGTERM');
    const end = await server.ended;
    expect(end.code).toBe(0);
    expect(end.stdout).toBe(`aideals is ready at ${server.url}\n`);
    expect(told(end)).toEqual([]);
  });

  it('takes port, host and data folder from options, before the environment', async () => {
    const dataDir = join(temporary(), 'data');
    const running = start(['serve', '--port', '0', '--host', '127.0.0.1', '--data-dir', dataDir], {
      PORT: '1',
      HOST: '203.0.113.1',
      AIDEALS_DATA_DIR: '/dev/null/nowhere',
      JWT_SECRET: SECRET,
    });
    await running.seen('stdout', /ready at http:\/\/127\.0\.0\.1:\d+\n/u);
    expect(existsSync(dataDir)).toBe(true);
  });

  it('drains at the first signal, and is gone at the second', async () => {
    const server = await serve({ AIDEALS_DATA_DIR: join(temporary(), 'data'), AIDEALS_DRAIN_SECONDS: '600' });
    const token = (await aideals(['token', '--sub', 'alice'], { JWT_SECRET: SECRET })).stdout.trim();
    const socket = new WebSocket(server.url.replace('http', 'ws'), { headers: { authorization: `Bearer ${token}` } });
    await once(socket, 'open');
    // It never answers the closing handshake, so that the drain lasts.
    socket.pause();
    server.child.kill('SIGINT');
    await server.seen('stderr', /drain|stopping/iu);
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(130);
    socket.terminate();
  });

  it('shows its settings with --help', async () => {
    const { code, stdout } = await aideals(['serve', '--help']);
    expect(code).toBe(0);
    for (const name of ['PORT', 'JWT_SECRET', 'AIDEALS_DATA_DIR', 'AIDEALS_RATE_LIMIT']) expect(stdout).toContain(name);
  });
});

describe('a server that cannot start says why in exactly one line', () => {
  it.each([
    [{ PORT: 'http' }, /^aideals: PORT: .*whole number/u],
    [{ AIDEALS_DATADIR: '/tmp' }, /^aideals: AIDEALS_DATADIR: .*did you mean AIDEALS_DATA_DIR\?/u],
    [{ NODE_ENV: 'production', JWT_SECRET: '' }, /^aideals: JWT_SECRET: /u],
    [{ NODE_ENV: 'production', JWT_SECRET: 'short' }, /^aideals: JWT_SECRET: /u],
    [{ PORT: 'http', AIDEALS_RATE_LIMIT: 'maybe' }, /and 1 more: see aideals check-config/u],
  ])('a wrong setting: %j', async (env, line) => {
    const end = await aideals(['serve'], {
      JWT_SECRET: SECRET,
      PORT: '0',
      AIDEALS_DATA_DIR: join(temporary(), 'data'),
      ...env,
    });
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(line);
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
    expect(end.stdout).toBe('');
  });

  it('a taken port', async () => {
    const { server, port } = await listening();
    const end = await aideals(['serve'], {
      JWT_SECRET: SECRET,
      PORT: port,
      AIDEALS_DATA_DIR: join(temporary(), 'data'),
    });
    server.close();
    expect(end.code).toBe(1);
    expect(told(end)).toEqual([
      expect.stringMatching(new RegExp(`^aideals: PORT: ${port} is taken on 127\\.0\\.0\\.1`, 'u')),
    ]);
  });

  it('a data folder that cannot be', async () => {
    const file = join(temporary(), 'a-file');
    writeFileSync(file, '');
    const end = await aideals(['serve'], { JWT_SECRET: SECRET, PORT: '0', AIDEALS_DATA_DIR: join(file, 'data') });
    expect(end.code).toBe(1);
    expect(told(end)).toEqual([expect.stringMatching(/^aideals: .*a-file/u)]);
  });

  it('a data folder that another server uses', async () => {
    const dataDir = join(temporary(), 'data');
    await serve({ AIDEALS_DATA_DIR: dataDir });
    const end = await aideals(['serve'], { JWT_SECRET: SECRET, PORT: '0', AIDEALS_DATA_DIR: dataDir });
    expect(end.code).toBe(1);
    expect(told(end)).toHaveLength(1);
    expect(told(end)[0]).toContain(dataDir);
  });

  it('a data folder of a later version', async () => {
    const dataDir = join(temporary(), 'data');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'FORMAT'), 'aideals-store 999\n');
    const end = await aideals(['serve'], { JWT_SECRET: SECRET, PORT: '0', AIDEALS_DATA_DIR: dataDir });
    expect(end.code).toBe(1);
    expect(told(end)).toEqual([expect.stringMatching(/^aideals: AIDEALS_DATA_DIR: .*format 999/u)]);
  });

  it('is not held up by who does not read its log, and the lines come when they are read', async () => {
    const { url, child, ended } = await serve({ AIDEALS_DATA_DIR: temporary(), AIDEALS_LOG_LEVEL: 'debug' });
    child.stderr.pause();
    // Several times what fits into a pipe.
    for (let n = 0; n < 2_000; n += 1) expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.stderr.resume();
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr.match(/"route":"\/healthz"/gu)).toHaveLength(2_000);
  });
});
