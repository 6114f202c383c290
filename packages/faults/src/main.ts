/** `npm run faults -- <run> [--times N] [--minutes N] [--clients N] [--seed S]`. Ends with 1 where a promise is broken, with 2 where a run could not be had. */
import { parseArgs } from 'node:util';
import { cluster } from './cluster/run.js';
import { crash } from './crash/run.js';
import { disk } from './disk/run.js';
import { drain } from './drain/run.js';
import type { RunOptions, RunResult } from './run.js';
import { serverless } from './serverless/run.js';
import { memory } from './stalled/memory.js';
import { inOwnNetwork } from './stalled/network.js';
import { fullSize, stalled } from './stalled/run.js';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string' },
    minutes: { type: 'string' },
    clients: { type: 'string' },
    events: { type: 'string' },
    messages: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0, not ${text}`);
  return value;
};

const runs: Readonly<Record<string, (options: RunOptions) => Promise<RunResult | number>>> = {
  crash: (options) => crash({ ...options, times: whole('times', values.times ?? '100') }),
  stalled: (options) => stalled({ ...options, ...fullSize }),
  drain: (options) => drain({ ...options, clients: 500, own: 20, deaf: 10, drainSeconds: 10 }),
  disk: (options) => disk({ ...options, writes: 200 }),
  cluster: (options) =>
    cluster({
      ...options,
      nodes: 3,
      clients: whole('clients', values.clients ?? '1000'),
      ms: whole('minutes', values.minutes ?? '30') * 60_000,
      eventsPerSecond: whole('events', values.events ?? '10'),
      messagesPerSecond: whole('messages', values.messages ?? '10'),
      ...{ peaceMs: 10_000, faultMs: 8_000 },
    }),
  serverless: (options) =>
    serverless({
      ...options,
      clients: whole('clients', values.clients ?? '40'),
      ms: whole('minutes', values.minutes ?? '10') * 60_000,
      eventsPerSecond: whole('events', values.events ?? '4'),
      messagesPerSecond: whole('messages', values.messages ?? '3'),
      ...{ peaceMs: 5_000, faultMs: 8_000, lifeMs: 45_000 },
    }),
  memory: async (options) => (await inOwnNetwork()) ?? memory({ ...options, connections: 1_000 }),
};

const main = async (): Promise<number> => {
  const [name = ''] = positionals;
  const run = Object.hasOwn(runs, name) ? runs[name] : undefined;
  if (run === undefined || positionals.length > 1) throw new Error(`name one run of ${Object.keys(runs).join(', ')}`);
  const seed = whole('seed', values.seed);
  const result = await run({ say, seed });
  if (typeof result === 'number') return result;
  const { numbers, findings } = result;
  for (const line of [`${name}, seed ${seed}`, ...numbers, ...findings.list]) say(line);
  say(findings.list.length === 0 ? 'every promise was kept' : `${findings.list.length} promises were broken`);
  return findings.list.length === 0 ? 0 : 1;
};

const code = await main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 2;
});
// Not by itself: where a link was cut in the middle of things, Node may wait for ever for a request to end.
process.exit(code);
