/**
 * `npm run demo`: from a fresh clone to a page on which real deals arrive. Plain Node, since nothing may be installed yet.
 * It honours PORT, HOST, JWT_SECRET and every other setting of the server; `--seconds N` ends it by itself.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, oldNode } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const aideals = join(root, 'packages', 'cli', 'bin', 'aideals.js');

const fail = (line) => {
  console.error(line);
  process.exit(1);
};

const old = oldNode(process.versions.node);
if (old !== undefined) fail(old);

// What needs a newer Node is loaded only now.
const { run, serve } = await import('./demo/child.mjs');
const { isFresh } = await import('./demo/fresh.mjs');
const { portProblem } = await import('./demo/port.mjs');
const { publishDeals } = await import('./demo/publisher.mjs');

const say = (line) => console.log(line);

const secondsOf = (args) => {
  if (args.length === 0) return undefined;
  const [name, value, ...more] = args.flatMap((arg) => arg.split('='));
  const seconds = Number(value);
  if (name !== '--seconds' || more.length > 0 || !(seconds > 0)) {
    fail('Usage: npm run demo [-- --seconds N], with N above 0');
  }
  return seconds;
};

const seconds = secondsOf(process.argv.slice(2));
const ending = new AbortController();
const { signal } = ending;
const cleanups = [];

const environment = () => {
  // The page has no login behind it: let the server renew its token.
  const env = { AIDEALS_LOG_LEVEL: 'warn', AIDEALS_TOKEN_ISSUE: '1', ...process.env };
  env.JWT_SECRET ??= randomBytes(32).toString('base64url');
  if (env.AIDEALS_DATA_DIR === undefined) {
    env.AIDEALS_DATA_DIR = mkdtempSync(join(tmpdir(), 'aideals-demo-'));
    cleanups.push(() => rmSync(env.AIDEALS_DATA_DIR, { recursive: true, force: true }));
  }
  return env;
};

const build = async () => {
  say('Building …');
  const here = { cwd: root, env: process.env, signal };
  await run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/cli'], here);
  const folder = join(root, 'packages', 'console');
  const sources = ['src', 'index.html', 'vite.config.ts', '../client/src', '../../package-lock.json'];
  if (
    isFresh(
      join(folder, 'dist', 'index.html'),
      sources.map((source) => join(folder, source)),
    )
  ) {
    return;
  }
  await run(process.execPath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build'], {
    ...here,
    cwd: folder,
  });
};

const demo = async () => {
  const port = Number(process.env.PORT ?? 3001);
  const host = process.env.HOST ?? '127.0.0.1';
  // A port that is none, is told of by the server.
  const problem = port > 0 && port < 65_536 ? await portProblem(host, port) : undefined;
  if (problem !== undefined) throw new Error(problem);

  await install({ scope: 'demo', say, signal });
  await build();

  say('Starting the server …');
  const env = environment();
  const server = serve([aideals, 'serve'], { cwd: root, env });
  cleanups.unshift(server.stop);
  const url = await server.ready;
  // It has said why.
  if (url === undefined) throw new Error('');
  await fetch(`${url}/readyz`, { signal }).then((response) => {
    if (!response.ok) throw new Error(`The server is not ready: ${url}/readyz answers ${response.status}.`);
  });
  server.ended.then(() => {
    if (signal.aborted) return;
    console.error('The server has ended.');
    process.exitCode = 1;
    ending.abort();
  });

  const token = (...args) => run(process.execPath, [aideals, 'token', ...args], { cwd: root, env, signal });
  const visitor = await token('--sub', 'demo-visitor', '--expires', '12h');
  say(`\nReal deals arrive at\n\n  ${url}/#token=${visitor}\n\nOpen it, and set a filter. Ctrl-C ends the demo.`);
  if (seconds !== undefined) setTimeout(() => ending.abort(), seconds * 1_000).unref();
  await publishDeals({ url, token: () => token('--sub', 'demo-crawler', '--scope', 'publish'), say, signal });
};

for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => ending.abort());

try {
  await demo();
} catch (error) {
  if (!signal.aborted) {
    if (error.message) console.error(error.message);
    if (error.output) console.error(error.output);
    process.exitCode = 1;
  }
} finally {
  ending.abort();
  for (const cleanup of cleanups) await cleanup();
}
