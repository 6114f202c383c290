// Ping to pong on one connection: how much CPU a round trip costs the server, beside a bare `ws` server that parses and
// answers the same JSON. CPU and not time, because time on a shared machine measures the neighbours.
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canPin, startChild } from './child.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU per ping-pong, beside a bare ws server';
export const options = [
  ['--rounds <n>', 'rounds per server and depth', '31'],
  ['--seconds <s>', 'seconds per round', '0.2'],
  ['--target <ratio>', 'the ratio to meet', '1.3'],
];

const DEPTHS = [1, 16];
const WARM_UP_MILLIS = 1_500;
const LIMIT_MILLIS = 58_000;
const SECRET = 'the-secret-of-this-benchmark-and-nothing-else';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token() {
  const body = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: 'bench', exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

const startBare = () =>
  startChild({ script: here('./echo/bare-server.mjs'), core: 0, ready: (line) => line.startsWith('ready at ') });

function startAideals(dataDir) {
  if (!existsSync(here('../../packages/cli/dist/main.js')))
    throw new Error('the server is not built: run `npm run build` first');
  return startChild({
    script: here('../../packages/cli/bin/aideals.js'),
    args: ['serve'],
    // The token bucket stays in the way of each frame, as in earnest, but large enough for the load.
    env: {
      PORT: '0',
      HOST: '127.0.0.1',
      NODE_ENV: '',
      JWT_SECRET: SECRET,
      AIDEALS_DATA_DIR: dataDir,
      AIDEALS_RATE_OTHER: '10000000',
    },
    core: 0,
    ready: (line) => line.includes(' ready at '),
  });
}

/** Speaks with the load generator: one question, one answer. */
function loadOf(child) {
  let waiting;
  child.onExit((error) => waiting?.reject(error));
  child.onMessage((message) => {
    if (message.failed) waiting?.reject(new Error(message.failed));
    else if (message.opened ?? message.done) waiting?.resolve(message);
  });
  return (message) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.send(message);
    });
}

async function measure(ask, server, depth, millis) {
  const before = await server.child.cpu();
  const { trips, millis: took } = await ask({ run: { name: server.name, depth, millis } });
  const after = await server.child.cpu();
  return { trips, cpuMicrosPerTrip: (after - before) / trips, tripsPerSecond: (trips / took) * 1000 };
}

export async function run({ rounds, seconds, target }) {
  const plan = { rounds: Number(rounds), millis: Number(seconds) * 1000, target: Number(target) };
  const planned = DEPTHS.length * 2 * (plan.rounds * plan.millis + WARM_UP_MILLIS);
  if (!(plan.rounds >= 1 && plan.millis > 0 && plan.target > 0))
    throw new Error('rounds, seconds and target must be positive numbers');
  if (planned > LIMIT_MILLIS - 10_000)
    throw new Error(`that would take ${Math.ceil(planned / 1000)} s; the limit is ${(LIMIT_MILLIS - 10_000) / 1000} s`);

  const dataDir = await mkdtemp(join(tmpdir(), 'aideals-bench-'));
  const children = [];
  const keep = async (starting) => {
    const child = await starting;
    children.push(child);
    return child;
  };
  const work = async () => {
    const bare = { name: 'bare ws', child: await keep(startBare()) };
    const ours = { name: 'aideals', child: await keep(startAideals(dataDir)) };
    const ask = loadOf(
      await keep(
        startChild({ script: here('./echo/load.mjs'), core: 1, measured: false, ready: (line) => line === 'ready' }),
      ),
    );
    await ask({ open: { name: bare.name, url: bare.child.line.slice('ready at '.length) } });
    const at = ours.child.line.split(' ready at ')[1].trim().replace(/^http/u, 'ws');
    await ask({ open: { name: ours.name, url: `${at}/?token=${token()}` } });

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
  };

  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MILLIS / 1000} s`)), LIMIT_MILLIS);
  });
  try {
    const results = await Promise.race([work(), tooLong]);
    return await report(results, plan);
  } finally {
    clearTimeout(timer);
    await Promise.all(children.map((child) => child.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
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
  const pinned = canPin && availableParallelism() > 1;
  const [load = 0] = loadavg();
  // Of this benchmark itself there are two processes, of which one waits while the other works.
  const busy = load > availableParallelism() + 0.5;
  process.stdout.write(
    `Server CPU per ping-pong on one connection, median of ${plan.rounds} rounds of ${plan.millis / 1000} s (Node ${process.version}, ${
      pinned ? 'servers on core 0, load on core 1' : 'not pinned'
    })\n\n${table([head, ...rows])}\n\nratio ≤ ${plan.target}: ${met ? 'met' : 'not met'}\n${
      busy
        ? `The machine is busy with other work (load ${load.toFixed(1)}): the median comes out higher than it is; trust best to best.\n`
        : ''
    }`,
  );
  const file = here('../results/echo.json');
  await mkdir(here('../results'), { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), node: process.version, pinned, ...plan, met, results }, null, 2)}\n`,
  );
  return met ? 0 : 1;
}
