import { writeFileSync } from 'node:fs';
import { chartOf } from '../src/fanout/chart.js';
import { type Model, simulate } from '../src/fanout/simulation.js';

/**
 * Prints how long fan-outs take beside what the quota allows at best, as a table of Markdown. With `--chart <file>` it draws
 * those to 100,000 connections as they go on.
 */

const quota = { perSecond: 10_000, burst: 5_000, share: 1 };
const shareOf = (share: number): Model => ({ connections: 100_000, quota: { ...quota, share } });

const rows: readonly (readonly [string, Model])[] = [
  ['1,000 connections', { connections: 1_000, quota }],
  ['10,000', { connections: 10_000, quota }],
  ['100,000', shareOf(1)],
  ['100,000, a share of 0.8', shareOf(0.8)],
  ['100,000, a share of 0.5', shareOf(0.5)],
  ['100,000, a call takes three times as much processor', { connections: 100_000, quota, cpuMs: 1.8 }],
  [
    '20,000, a share of 0.8, others use 5,000 a second',
    { connections: 20_000, quota: { ...quota, share: 0.8 }, others: 5_000 },
  ],
  [
    '20,000, a share of 0.4, five states of one deal in a second',
    { connections: 20_000, quota: { ...quota, share: 0.4 }, updates: { count: 5, everyMs: 200 } },
  ],
];

const number = (value: number): string => value.toLocaleString('en');
const line = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);

line(['fan-out', 'seconds', 'the quota’s limit', 'calls', 'refused (429)', 'frames delivered', 'workers']);
line(['---', '---', '---', '---', '---', '---', '---']);
for (const [name, model] of rows) {
  const { seconds, limitSeconds, calls, refused, delivered, workers } = await simulate(model);
  const times = [seconds.toFixed(1), limitSeconds.toFixed(1)];
  line([name, ...times, number(calls), number(refused), number(delivered), number(workers)]);
}

const at = process.argv.indexOf('--chart');
if (at >= 0) {
  const lines = await Promise.all([1, 0.8, 0.5].map(async (share) => ({ share, ...(await simulate(shareOf(share))) })));
  writeFileSync(process.argv[at + 1] ?? 'fan-out.svg', chartOf(lines, 100_000, quota));
}
