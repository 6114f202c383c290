// Ping to pong on one connection: how much CPU a round trip costs the server, beside a bare `ws` server that parses and
// answers the same JSON. CPU and not time, because time on a shared machine measures the neighbours.
import { fileURLToPath } from 'node:url';
import { startAideals, token } from './aideals.mjs';
import { asking } from './asking.mjs';
import { bounded, checkPlan } from './bounded.mjs';
import { startChild } from './child.mjs';
import { isBusy, place, printTargets, writeResults } from './report.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU per ping-pong, beside a bare ws server';
export const options = [
  ['--rounds <n>', 'rounds per server and depth', '31'],
  ['--seconds <s>', 'seconds per round', '0.2'],
  ['--target <ratio>', 'the ratio to meet', '1.3'],
];

const DEPTHS = [1, 16];
const WARM_UP_MILLIS = 1_500;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const startBare = () =>
  startChild({ script: here('./echo/bare-server.mjs'), core: 0, ready: (line) => line.startsWith('ready at ') });

// The token bucket stays in the way of each frame, as in earnest, but large enough for the load.
const ENV = { AIDEALS_RATE_OTHER: '10000000' };

async function measure(ask, server, depth, millis) {
  const before = await server.child.cpu();
  const { trips, millis: took } = await ask({ run: { name: server.name, depth, millis } });
  const after = await server.child.cpu();
  return { trips, cpuMicrosPerTrip: (after - before) / trips, tripsPerSecond: (trips / took) * 1000 };
}

export async function run({ rounds, seconds, target }) {
  const plan = { rounds: Number(rounds), millis: Number(seconds) * 1000, target: Number(target) };
  if (!(plan.rounds >= 1 && plan.millis > 0 && plan.target > 0))
    throw new Error('rounds, seconds and target must be positive numbers');
  checkPlan(DEPTHS.length * 2 * (plan.rounds * plan.millis + WARM_UP_MILLIS));
  return report(await bounded((room) => work(room, plan)), plan);
}

async function work({ keep, folder }, plan) {
  const bare = { name: 'bare ws', child: await keep(startBare()) };
  const ours = { name: 'aideals', child: await keep(startAideals({ dataDir: await folder(), env: ENV })) };
  const ask = asking(
    await keep(
      startChild({ script: here('./echo/load.mjs'), core: 1, measured: false, ready: (line) => line === 'ready' }),
    ),
  );
  await ask({ open: { name: bare.name, url: bare.child.line.slice('ready at '.length) } });
  await ask({ open: { name: ours.name, url: `${ours.child.wsUrl}/?token=${token('bench')}` } });

  const results = [];
  for (const depth of DEPTHS) {
    for (const server of [bare, ours]) await ask({ run: { name: server.name, depth, millis: WARM_UP_MILLIS } });
    const samples = [];
    for (let round = 0; round < plan.rounds; round++) {
      // Who goes first changes, so that neither always has the warmer core.
      const order = round % 2 === 0 ? [bare, ours] : [ours, bare];
      const sample = {};
      for (const server of order) sample[server.name] = await measure(ask, server, depth, plan.millis);
      samples.push(sample);
    }
    const of = (name, field) => samples.map((sample) => sample[name][field]);
    const ratios = samples.map((sample) => sample.aideals.cpuMicrosPerTrip / sample['bare ws'].cpuMicrosPerTrip);
    results.push({
      depth,
      bareCpuMicros: median(of('bare ws', 'cpuMicrosPerTrip')),
      aidealsCpuMicros: median(of('aideals', 'cpuMicrosPerTrip')),
      bareTripsPerSecond: median(of('bare ws', 'tripsPerSecond')),
      aidealsTripsPerSecond: median(of('aideals', 'tripsPerSecond')),
      ratio: {
        median: median(ratios),
        min: Math.min(...ratios),
        max: Math.max(...ratios),
        // Other work on the machine only adds to what a round costs: the cheapest of each are the least disturbed.
        atBest: Math.min(...of('aideals', 'cpuMicrosPerTrip')) / Math.min(...of('bare ws', 'cpuMicrosPerTrip')),
      },
      samples,
    });
  }
  return results;
}

async function report(results, plan) {
  const met = results.every((result) => result.ratio.median <= plan.target);
  const fixed = (value, digits = 1) => value.toFixed(digits);
  const rows = results.map((result) => [
    String(result.depth),
    fixed(result.bareCpuMicros),
    fixed(result.aidealsCpuMicros),
    fixed(result.ratio.median, 2),
    `${fixed(result.ratio.min, 2)}–${fixed(result.ratio.max, 2)}`,
    fixed(result.ratio.atBest, 2),
    fixed(result.bareTripsPerSecond, 0),
    fixed(result.aidealsTripsPerSecond, 0),
  ]);
  const head = [
    'in flight',
    'bare ws µs',
    'aideals µs',
    'ratio',
    'min–max',
    'best to best',
    'bare ws trips/s',
    'aideals trips/s',
  ];
  process.stdout.write(
    `Server CPU per ping-pong on one connection, median of ${plan.rounds} rounds of ${plan.millis / 1000} s\n(${place()})\n\n${table([head, ...rows])}\n\n`,
  );
  printTargets(
    results.map((result) => ({
      what: `${result.depth} in flight, to bare ws`,
      wanted: `≤ ${plan.target}`,
      value: fixed(result.ratio.median, 2),
      met: result.ratio.median <= plan.target,
    })),
  );
  if (isBusy())
    process.stdout.write(
      'The machine is busy with other work: the median comes out higher than it is; trust best to best.\n',
    );
  await writeResults('echo', { ...plan, met, results });
  return met ? 0 : 1;
}
