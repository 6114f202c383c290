import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type DealEvent } from '@aideals/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { DemoDeal } from './deals.mjs';

const script = join(import.meta.dirname, '..', 'demo.mjs');

let folder: string;
let started: ChildProcess[];

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string }>;
  /** The address and the token in its link. */
  readonly link: Promise<{ url: string; token: string }>;
}

const demo = (args: string[], settings: Record<string, string> = {}): Demo => {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    TMPDIR: folder,
    PORT: '0',
    ...settings,
  };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  const link = new Promise<{ url: string; token: string }>((resolve, reject) => {
    const read = (bytes: Buffer): void => {
      output += bytes.toString();
      const [, url, token] = /(http:\/\/\S+?)\/#token=(\S+)\n/u.exec(output) ?? [];
      if (url !== undefined && token !== undefined) resolve({ url, token });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => reject(new Error(`it ended without a link:\n${output}`)));
  });
  link.catch(() => undefined);
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, output }));
  return { child, ended, link };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-demo-test-'));
  started = [];
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'close');
    child.kill('SIGTERM');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('real deals arrive at its link, by the filters that are set, until it is told to end', async () => {
  const { child, ended, link } = demo([], { JWT_SECRET: 'test-secret' });
  const { url, token } = await link;
  expect(await (await fetch(url)).text()).toContain('<title>aideals');
  const client = createClient({ url: `${url}/ws`, token, WebSocket });
  const technology = new Promise<DealEvent<DemoDeal>>((resolve) => {
    client.subscribe<DemoDeal>({ filters: { category: 'technology', minDiscount: 20 } }, resolve);
  });
  const { data, topic } = await technology;
  expect(topic).toBe('new-deals');
  expect(data).toMatchObject({ category: 'technology', title: expect.stringMatching(/\w/u) });
  expect(data.discountPercentage).toBeGreaterThanOrEqual(20);
  await client.close();

  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
}, 120_000);

test('it ends by itself where it is told when', async () => {
  const { code, output } = await demo(['--seconds', '0.1']).ended;
  expect(output).toMatch(/#token=/u);
  expect(code).toBe(0);
}, 120_000);

test('a port that is taken is told of in one line, before anything else is done', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const { code, output } = await demo([], { PORT: `${port}` }).ended;
  other.close();
  expect(code).toBe(1);
  expect(output).toMatch(/^PORT: \d+ is taken on 127\.0\.0\.1; [^\n]+\n$/u);
});

test('a wrong setting is told of in the server’s own line', async () => {
  const { code, output } = await demo([], { JWT_ALGORITHM: 'none' }).ended;
  expect(code).toBe(1);
  expect(output).toMatch(/JWT_ALGORITHM/u);
}, 120_000);

test('a wrong option is told of in one line', async () => {
  for (const args of [['--seconds', '0'], ['--seconds'], ['--minutes', '1'], ['--seconds', '1', 'more']]) {
    const { code, output } = await demo(args).ended;
    expect([code, output]).toEqual([1, 'Usage: npm run demo [-- --seconds N], with N above 0\n']);
  }
});
