#!/usr/bin/env node
// Runs every example against a server of its own. Ends with one line: `N passed, N failed`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const AIDEALS = here('../packages/cli/bin/aideals.js');
const PYTHON = '/usr/bin/python3';
const DEADLINE_MILLIS = 30_000;

/** `prints`: what must be in the output of one that passed. */
const examples = [
  {
    name: 'curl',
    run: [here('curl/calls.sh')],
    prints: [/"broadcast":"success"/u, /"notificationIds":\["/u, /"items":\[/u],
  },
  { name: 'wscat', run: [here('wscat/ping.sh')], prints: [/"type":"pong".*"requestId":"test-123"/u] },
  { name: 'python', run: [PYTHON, here('python/deals.py')], prints: [/Headphones/u, /Speaker/u] },
  {
    name: 'python, the guide’s test',
    run: [PYTHON, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', here('python/test_websocket.py')],
    prints: [/1 passed/u],
    port: 3001,
  },
  { name: 'node', run: [process.execPath, here('node/deals.mjs')], prints: [/Headphones/u] },
  {
    name: 'node, the guide’s client',
    run: [process.execPath, here('node/guide-client.mjs')],
    prints: [/deal .*: Wireless headphones for 129/u],
  },
];

/** Debian's packages, and how to see whether they are there. */
const packages = [
  ['curl', () => existsSync('/usr/bin/curl')],
  ['bsdutils', () => existsSync('/usr/bin/script')],
  ['python3-websocket', () => importable('websocket')],
  ['python3-jwt', () => importable('jwt')],
  ['python3-pytest', () => importable('pytest')],
];

const importable = async (module) => (await finish([PYTHON, '-c', `import ${module}`])).code === 0;

// Settings of the surroundings would reach the servers and the examples otherwise.
const baseEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:AIDEALS_|JWT_|REDIS_|CONNECTIONS_TABLE|WEBSOCKET_|NODE_ENV$|HOST$|PORT$|STAGE$)/u.test(name),
  ),
);

const running = new Set();

function start([command, ...args], env, timeout) {
  const child = spawn(command, args, { env: { ...baseEnv, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    process.exit(1);
  });
}

/** Runs a command to its end; `code` is null where it was killed at the deadline, or could not be started. */
function finish(command, env = {}) {
  return new Promise((resolve) => {
    const child = start(command, { PYTHONDONTWRITEBYTECODE: '1', ...env }, DEADLINE_MILLIS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** A server on `port` (0: a free one) with a data folder of its own. */
async function startServer(port) {
  const dataDir = await mkdtemp(join(tmpdir(), 'aideals-examples-'));
  const env = { JWT_SECRET: 'test-secret', HOST: '127.0.0.1', PORT: String(port), AIDEALS_DATA_DIR: dataDir };
  const child = start([process.execPath, AIDEALS, 'serve'], env);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints = (complaints + text).slice(-10_000);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(patience);
    await rm(dataDir, { recursive: true, force: true });
  };
  const url = await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = / is ready at (http:\S+)$/u.exec(line);
      if (match) resolve(match[1]);
    });
    child.once('exit', () => resolve(undefined));
    setTimeout(() => resolve(undefined), DEADLINE_MILLIS).unref();
  });
  if (url !== undefined) return { url, env: { ...env, PORT: new URL(url).port }, complaints: () => complaints, stop };
  await stop();
  throw new Error(`the server did not start: ${complaints.trim()}`);
}

async function check(example) {
  let server;
  try {
    server = await startServer(example.port ?? 0);
    const { code, output } = await finish(example.run, { ...server.env, AIDEALS_EXAMPLE_URL: server.url });
    const missing = example.prints.filter((pattern) => !pattern.test(output));
    if (code === 0 && missing.length === 0) return undefined;
    const reason = code === 0 ? `it did not print ${missing.join(', ')}` : `it ended with ${code ?? 'a signal'}`;
    return `${reason}\n${output.trim()}\n${server.complaints().trim()}`;
  } catch (error) {
    return error.message;
  } finally {
    await server?.stop();
  }
}

async function main() {
  if (!existsSync(here('../packages/cli/dist/main.js'))) return fail('not built: run `npm run build` first');
  const absent = [];
  for (const [name, isThere] of packages) if (!(await isThere())) absent.push(name);
  if (absent.length > 0) return fail(`missing: apt-get install -y --no-install-recommends ${absent.join(' ')}`);

  let failed = 0;
  for (const example of examples) {
    const problem = await check(example);
    if (problem !== undefined) failed++;
    console.log(problem === undefined ? `✓ ${example.name}` : `✗ ${example.name}: ${problem}`);
  }
  console.log(`${examples.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function fail(reason) {
  console.log(`✗ ${reason}`);
  console.log(`0 passed, ${examples.length} failed`);
  process.exitCode = 1;
}

await main();
