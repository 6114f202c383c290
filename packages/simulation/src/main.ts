/**
 * `npm run simulate -- --seeds N [--from K] [--mutation NAME]` runs many seeds; `--seed S [--verbose]` runs one, and
 * `--mutations` shows that each planted bug is caught. Ends with 1 where a law is broken that should hold.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mutations } from './mutations/index.js';
import type { Mutation } from './mutations/mutation.js';
import { report, story } from './report.js';
import { simulate } from './run.js';

const say = (text: string): void => {
  process.stdout.write(text);
};

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not ${text}`);
  return value;
};

const mutationOf = (name: string | undefined): Mutation | undefined => {
  if (name === undefined) return undefined;
  const mutation = Object.hasOwn(mutations, name) ? mutations[name] : undefined;
  if (mutation === undefined) throw new Error(`--mutation takes one of ${Object.keys(mutations).join(', ')}`);
  return mutation;
};

const one = async (seed: number, name: string | undefined, verbose: boolean): Promise<boolean> => {
  const result = await simulate(seed, mutationOf(name));
  if (verbose) say(story(result));
  say(report(result, name));
  return result.broken === undefined;
};

const MOST_SHOWN = 20;

const many = async (from: number, seeds: number, name: string | undefined): Promise<boolean> => {
  const began = performance.now();
  const broken = new Map<string, number[]>();
  let failed = 0;
  let told = began;
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await simulate(seed, mutationOf(name));
    if (result.broken !== undefined) {
      failed += 1;
      const same = broken.get(result.broken.law) ?? [];
      broken.set(result.broken.law, [...same, seed]);
      if (failed <= MOST_SHOWN) say(report(result, name));
    }
    const now = performance.now();
    if (now - told >= 5_000) {
      told = now;
      say(`${seed - from + 1} of ${seeds} seeds, ${failed} broken\n`);
    }
    await breathe();
  }
  const seconds = (performance.now() - began) / 1000;
  for (const [law, at] of broken) say(`${at.length} × ${law}: ${at.slice(0, MOST_SHOWN).join(', ')}\n`);
  say(
    `${seeds} seeds from ${from} in ${seconds.toFixed(1)} s (${Math.round(seeds / seconds)} a second), ${failed} broken\n`,
  );
  return failed === 0;
};

/** Each planted bug with the first seed that shows it. */
const bite = async (from: number, seeds: number): Promise<boolean> => {
  let all = true;
  for (const [name, mutation] of Object.entries(mutations)) {
    let caught: string | undefined;
    for (let seed = from; seed < from + seeds && caught === undefined; seed++) {
      const { broken } = await simulate(seed, mutation);
      if (broken === undefined) continue;
      const after = seed - from + 1;
      const expected = mutation.breaks.includes(broken.law) ? '' : ' (not a law that it was meant to break)';
      caught = `caught by seed ${seed}, after ${after}: ${broken.law}${expected}`;
    }
    all &&= caught !== undefined;
    say(`${name.padEnd(30)} ${caught ?? `NOT caught in ${seeds} seeds`}\n`);
  }
  return all;
};

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    mutations: { type: 'boolean', default: false },
  },
});

const run = (): Promise<boolean> => {
  const from = whole('from', values.from);
  const seeds = whole('seeds', values.seeds);
  if (values.mutations) return bite(from, seeds);
  if (values.seed !== undefined) return one(whole('seed', values.seed), values.mutation, values.verbose);
  return many(from, seeds, values.mutation);
};

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
