import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { http } from './http.js';
import type { Env, FailedStart, Server, Target } from './target.js';
import { patient } from './waiting.js';

const COMMAND = fileURLToPath(new URL('../../cli/bin/aideals.js', import.meta.url));
const START_MS = 20_000;
const POLL_MS = 15;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'aideals-conformance-'));

interface Launched {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

const launch = (env: Env): Launched => {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [COMMAND, 'serve'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return { child, output: () => chunks.join(''), exited };
};

const ready = async (url: string, launched: Launched): Promise<void> => {
  const deadline = Date.now() + patient(START_MS);
  let exit: string | undefined;
  void launched.exited.then((code) => {
    exit = `ended with ${code}`;
  });
  for (;;) {
    if (exit !== undefined) throw new Error(`the server ${exit} before it was ready:\n${launched.output()}`);
    if (Date.now() > deadline) throw new Error(`the server was not ready in time:\n${launched.output()}`);
    const answer = await http(url, 'GET', '/readyz').catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(POLL_MS);
  }
};

interface Setup {
  readonly env: Env;
  readonly port: number;
  readonly dataFolder: string;
  readonly secret: string;
  readonly apiKeys: { readonly publish: string; readonly admin: string };
}

const stopped = async ({ child, exited }: Launched): Promise<void> => {
  child.kill('SIGKILL');
  await exited;
};

const setups = new WeakMap<Server, Setup>();

const up = async (setup: Setup): Promise<Server> => {
  const { env, port, dataFolder, secret, apiKeys } = setup;
  const launched = launch(env);
  const url = `http://127.0.0.1:${port}`;
  await ready(url, launched).catch(async (error: unknown) => {
    await stopped(launched);
    throw error;
  });
  const server: Server = {
    url,
    secret,
    apiKeys,
    call: (method, path, options) => http(url, method, path, options),
    stop: async () => {
      await stopped(launched);
      rmSync(dataFolder, { recursive: true, force: true });
    },
    process: {
      port,
      dataFolder,
      output: launched.output,
      signal: (name) => launched.child.kill(name),
      exited: launched.exited,
    },
  };
  setups.set(server, setup);
  return server;
};

const prepare = async (base: Env, env: Env): Promise<Setup> => {
  const port = await freePort();
  const dataFolder = freshFolder();
  const secret = randomBytes(32).toString('hex');
  const apiKeys = { publish: randomBytes(16).toString('hex'), admin: randomBytes(16).toString('hex') };
  const settings: Env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    AIDEALS_DATA_DIR: dataFolder,
    JWT_SECRET: secret,
    AIDEALS_API_KEYS: `publisher:${apiKeys.publish},operator:${apiKeys.admin}:publish+admin`,
    AIDEALS_RATE_LIMIT: 'off',
    ...base,
    ...env,
  };
  return { env: settings, port, dataFolder, secret: env['JWT_SECRET'] ?? secret, apiKeys };
};

/** The built command, each server on a free port and a fresh data folder. The token buckets are off where a test does not turn them on. */
export const embedded = (name: string, base: Env = {}, nodes = 1): Target => ({
  name,
  kind: 'self-hosted',
  nodes,
  isEmbedded: true,
  settable: true,
  start: async (env = {}) => up(await prepare(base, env)),
  revive: (server) => {
    const setup = setups.get(server);
    if (setup === undefined) throw new Error('not a server of this target');
    return up(setup);
  },
  fail: async (env): Promise<FailedStart> => {
    const setup = await prepare(base, env);
    const launched = launch(setup.env);
    const timer = setTimeout(() => launched.child.kill('SIGKILL'), patient(START_MS));
    const code = await launched.exited;
    clearTimeout(timer);
    rmSync(setup.dataFolder, { recursive: true, force: true });
    return { code, output: launched.output() };
  },
});
