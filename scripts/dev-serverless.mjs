/**
 * `npm run dev:serverless`: the whole serverless deployment on this machine. It bundles the functions, runs them by `aideals
 * gateway` with a DynamoDB in memory and a redis-server, and bundles them anew when a source changes. What follows `--` goes to
 * `aideals gateway`.
 */
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const aideals = join(root, 'packages', 'cli', 'bin', 'aideals.js');
/** Whose sources the bundles are made of. */
const sources = ['lambda', 'core', 'protocol', 'store', 'bus'].map((name) => join(root, 'packages', name, 'src'));
/** An editor writes several files at once. */
const QUIET_MS = 200;

const run = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });

const bundle = () => run(process.execPath, [join('packages', 'lambda', 'scripts', 'bundle.mjs')]);

const build = async () => {
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  return (await run(process.execPath, [compiler, '-b', 'packages/cli'])) || (await bundle());
};

console.log('Building …');
const failed = await build();
if (failed !== 0) process.exit(failed);

let timer;
let isBundling = false;
const changed = () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (isBundling) return changed();
    isBundling = true;
    await bundle();
    isBundling = false;
  }, QUIET_MS);
};
const watchers = sources.map((folder) => watch(folder, { recursive: true }, changed));

// A Ctrl-C reaches the command as well, which ends in good order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
const code = await run(process.execPath, [aideals, 'gateway', '--redis', ...process.argv.slice(2)]);
clearTimeout(timer);
for (const watcher of watchers) watcher.close();
process.exit(code);
