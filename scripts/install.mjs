/**
 * Installs what is missing, and nothing when nothing is. Plain Node: it runs before any install.
 * `node scripts/install.mjs [demo]`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const stampFile = join(root, 'node_modules', '.aideals-install.json');
const OLDEST = [20, 19];

/** What `npm run demo` needs: no CDK app, no benchmarks, no test suites. */
const DEMO = ['protocol', 'core', 'store', 'bus', 'aws-api', 'server', 'client', 'console', 'cli'];

/** A line that says what is wrong with this Node, if anything. */
const oldNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fine = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return fine ? undefined : `Node ${OLDEST.join('.')} or newer is needed; this is ${process.versions.node}.`;
};

const lockDigest = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** What was installed last, where it still fits the lock file. */
const installed = (digest) => {
  if (!existsSync(stampFile)) return undefined;
  try {
    const stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
    return stamp.lock === digest ? stamp.scope : undefined;
  } catch {
    return undefined;
  }
};

const npmCi = (args) =>
  new Promise((resolve, reject) => {
    const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.on('data', (bytes) => {
        output = (output + bytes).slice(-8_000);
      });
    }
    npm.once('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    npm.once('close', (code) => {
      if (code === 0) resolve();
      else reject(Object.assign(new Error(`npm ci ended with ${code}`), { output }));
    });
  });

/** `scope` is `full`, or `demo` for what the demo needs. Throws with a message for a person, and npm's output. */
export const install = async ({ scope = 'full', say = () => undefined } = {}) => {
  const old = oldNode();
  if (old !== undefined) throw new Error(old);
  const digest = lockDigest();
  const present = installed(digest);
  if (present === 'full' || present === scope) return;
  say(`Installing dependencies (npm ci${scope === 'demo' ? ', without what only tests and deployments need' : ''}) …`);
  const only = DEMO.flatMap((name) => ['--workspace', `@aideals/${name}`]);
  await npmCi(scope === 'demo' ? [...only, '--include-workspace-root'] : []);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ lock: digest, scope }));
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await install({ scope: process.argv[2] === 'demo' ? 'demo' : 'full', say: console.log });
  } catch (error) {
    console.error(`${error.message}${error.output ? `\n${error.output}` : ''}`);
    process.exitCode = 1;
  }
}
