import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { canPin } from './child.mjs';
import { table } from './statistics.mjs';

export const pinned = canPin && availableParallelism() > 1;

/** Where it ran, in words. */
export const place = () =>
  `Node ${process.version}, ${pinned ? 'servers on core 0, load on core 1' : 'not pinned'}, load average ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;

// Of a benchmark itself there are two processes, of which one waits while the other works.
export const isBusy = () => loadavg()[0] > availableParallelism() + 0.5;

let printed = [];

/** Prints what each target came to, and tells whether all were met. A target is `{what, wanted, value, met}`. */
export function printTargets(targets) {
  printed.push(...targets);
  const rows = targets.map(({ what, wanted, value, met }) => [what, wanted, value, met ? 'met' : 'not met']);
  process.stdout.write(`${table([['target', 'wanted', 'measured', ''], ...rows])}\n`);
  return targets.every(({ met }) => met);
}

/** Writes `bench/results/<name>.json`, with the targets that were printed. */
export async function writeResults(name, results) {
  const folder = new URL('../results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const targets = printed;
  printed = [];
  const head = { at: new Date().toISOString(), node: process.version, pinned, load: loadavg()[0], targets };
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify({ ...head, ...results }, null, 2)}\n`);
}
