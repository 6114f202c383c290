/**
 * `npm run demo`: from a fresh clone to a page on which real deals arrive. Plain Node, since nothing may be installed yet.
 * Honours PORT, HOST, JWT_SECRET and every other setting of the server; `--seconds N` ends it by itself.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endlessDeals } from './demo/deals.mjs';
import { install } from './install.mjs';

const root = join(import.meta.dirname, '..');
const aideals = join(root, 'packages', 'cli', 'bin', 'aideals.js');
const PER_SECOND = 3;
const TOKEN_MS = 30 * 60_000;

const say = (line) => console.log(line);

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const limit = values.seconds === undefined ? undefined : Number(values.seconds);
if (limit !== undefined && !(limit > 0)) {
  console.error('--seconds must be a number above 0');
  process.exit(2);
}

const cleanups = [];
let stopping = false;
let wake = () => undefined;

/** Resolves after a time, or at once when the demo ends. */
const pause = (ms) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

const stop = () => {
  stopping = true;
  wake();
};

/** Runs a program to its end and gives what it wrote to stdout. */
const run = async (program, args, env) => {
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let output = '';
  child.stdout.on('data', (bytes) => {
    stdout += bytes;
    output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    output += bytes;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw Object.assign(new Error(`${[program, ...args].join(' ')} ended with ${code}`), { output });
  return stdout.trim();
};

const build = async () => {
  say('Building …');
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/cli'], process.env);
  await run('npm', ['run', '--silent', 'build', '--workspace', '@aideals/console'], process.env);
};

const environment = () => {
  const env = { AIDEALS_LOG_LEVEL: 'warn', AIDEALS_TOKEN_ISSUE: '1', ...process.env };
  env.JWT_SECRET ??= randomBytes(32).toString('base64url');
  if (env.AIDEALS_DATA_DIR === undefined) {
    env.AIDEALS_DATA_DIR = mkdtempSync(join(tmpdir(), 'aideals-demo-'));
    cleanups.push(() => rmSync(env.AIDEALS_DATA_DIR, { recursive: true, force: true }));
  }
  return env;
};

/** Starts the server and gives its address when it is ready; what it has to say goes to stderr as it comes. */
const serve = async (env) => {
  say('Starting the server …');
  const server = spawn(process.execPath, [aideals, 'serve'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'close');
  cleanups.unshift(async () => {
    server.kill('SIGTERM');
    await ended;
  });
  const ready = new Promise((resolve) => {
    let text = '';
    server.stdout.on('data', (bytes) => {
      text += bytes;
      const found = /ready at (\S+)/u.exec(text);
      if (found !== null) resolve(found[1]);
    });
  });
  const url = await Promise.race([ready, ended.then(() => undefined)]);
  if (url === undefined) throw new Error('The server did not start.');
  ended.then(() => {
    if (!stopping) say('The server has ended.');
    stop();
  });
  return url;
};

const token = (env, ...args) => run(process.execPath, [aideals, 'token', ...args], env);

const publish = async (url, env) => {
  const deals = endlessDeals();
  let bearer;
  let until = 0;
  while (!stopping) {
    if (Date.now() >= until) {
      bearer = await token(env, '--sub', 'demo-crawler', '--scope', 'publish');
      until = Date.now() + TOKEN_MS;
    }
    const response = await fetch(`${url}/v1/broadcast`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'new-deals', data: deals.next().value }),
    }).catch((error) => ({ ok: false, status: error.message, text: async () => '' }));
    if (!response.ok && !stopping) {
      say(`A deal was not published: ${response.status} ${await response.text()}`);
      await pause(1_000);
    } else await response.text();
    await pause(1_000 / PER_SECOND);
  }
};

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);

try {
  await install({ scope: 'demo', say });
  await build();
  const env = environment();
  if (!stopping) {
    const url = await serve(env);
    const visitor = await token(env, '--sub', 'demo-visitor', '--expires', '12h');
    say(`\nReal deals arrive at\n\n  ${url}/#token=${visitor}\n\nOpen it, and set a filter. Ctrl-C ends the demo.`);
    if (limit !== undefined) setTimeout(stop, limit * 1_000).unref();
    await publish(url, env);
  }
} catch (error) {
  if (!stopping) {
    console.error(error.message);
    if (error.output) console.error(error.output.trimEnd());
    process.exitCode = 1;
  }
} finally {
  stopping = true;
  for (const cleanup of cleanups) await cleanup();
}
