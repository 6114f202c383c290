/**
 * Installs what is missing, and nothing where nothing is. Plain Node: it runs before any install.
 * `node scripts/install.mjs [demo]`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Without import.meta.dirname: a Node that is too old must get as far as the line that says so.
const here = fileURLToPath(new URL('..', import.meta.url));
const OLDEST = [20, 19];

/**
 * What `npm run demo` needs: without the CDK app, the benchmarks, the suites, and the tools of the workspace itself. That
 * takes about a fifth of the time and a quarter of the room.
 */
const DEMO = ['protocol', 'core', 'store', 'bus', 'aws-api', 'server', 'client', 'console', 'local-cluster', 'cli'];

/** A line that says what is wrong with a version of Node, if anything. */
export const oldNode = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fine = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return fine ? undefined : `Node ${OLDEST.join('.')} or newer is needed; this is ${version}.`;
};

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

const stampOf = (root) => join(root, 'node_modules', '.aideals-install.json');

const digestOf = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** Whether someone ran `npm ci` by hand: npm notes in node_modules what lies there. */
const isWhole = (root) => {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const there = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages ?? {};
  return Object.entries(wanted).every(
    ([path, { version, optional, peer }]) =>
      !path.startsWith('node_modules/') || optional || peer || there[path]?.version === version,
  );
};

/** What is installed and fits the lock file: `full`, `demo` or undefined. */
export const installedScope = (root) => {
  const stamp = readJson(stampOf(root));
  if (stamp?.lock === digestOf(root)) return stamp.scope;
  return isWhole(root) ? 'full' : undefined;
};

/** npm as it runs this script, or the one on the PATH. */
const npm = () => {
  const script = process.env.npm_execpath;
  return script !== undefined && basename(script) === 'npm-cli.js' && existsSync(script)
    ? [process.execPath, script]
    : ['npm'];
};

const npmCi = (root, args, signal) =>
  new Promise((resolve, reject) => {
    const [program, ...before] = npm();
    const child = spawn(program, [...before, 'ci', '--no-audit', '--no-fund', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', end, { once: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        output = (output + bytes).slice(-8_000);
      });
    }
    child.once('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    child.once('close', (code) => {
      signal?.removeEventListener('abort', end);
      if (code === 0) resolve();
      else reject(Object.assign(new Error(`npm ci ended with ${code}`), { output }));
    });
  });

/**
 * `scope` is `full`, or `demo` for what the demo needs; a full install serves the demo too. `signal` ends it. Throws with a
 * message for a person, and npm's last `output`.
 */
export const install = async ({ scope = 'full', say = () => undefined, root = here, signal } = {}) => {
  const old = oldNode(process.versions.node);
  if (old !== undefined) throw new Error(old);
  const lock = digestOf(root);
  const present = installedScope(root);
  if (present !== 'full' && present !== scope) {
    say(
      scope === 'demo'
        ? 'Installing what the demo needs (npm ci, without what only tests and deployments use) …'
        : 'Installing everything (npm ci) …',
    );
    await npmCi(root, scope === 'demo' ? DEMO.flatMap((name) => ['--workspace', `@aideals/${name}`]) : [], signal);
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampOf(root), JSON.stringify({ lock, scope: present === 'full' ? 'full' : scope }));
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await install({ scope: process.argv[2] === 'demo' ? 'demo' : 'full', say: console.log });
  } catch (error) {
    console.error(`${error.message}${error.output ? `\n${error.output}` : ''}`);
    process.exitCode = 1;
  }
}
