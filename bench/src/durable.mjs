// `sendMessage` on the embedded store: how many messages share a flush, what that is worth, and what a message costs the
// server beside a bare `ws` and `lmdb` server that writes the same rows and sends the same frames. Every answer and every
// push is checked on its way.
import { fileURLToPath } from 'node:url';
import { startAideals, token } from './aideals.mjs';
import { asking } from './asking.mjs';
import { bounded, checkPlan } from './bounded.mjs';
import { startChild } from './child.mjs';
import { isBusy, place, printTargets, writeResults } from './report.mjs';
import { median, shown, spread, table } from './statistics.mjs';

export const description = 'durable sendMessage: messages per flush, throughput, server CPU beside bare ws and lmdb';
export const options = [
  ['--senders <n>', 'senders at once, each on a connection of its own', '64'],
  ['--rounds <n>', 'rounds per server', '11'],
  ['--seconds <s>', 'seconds per round', '0.4'],
];

const TARGETS = { messagesPerFlush: 16, throughput: 4, cpu: 1.5 };
const WARM_UP_MILLIS = 1_500;
const PIPELINE = 16;
const LONE_ROUNDS = 5;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The limits stay in the way of each message, as in earnest, but are large enough for the load; nobody acknowledges. */
const ENV = { AIDEALS_RATE_SEND_MESSAGE: '10000000', AIDEALS_MAILBOX_MAX: '10000000' };

/** What `/metrics` says of the store. */
async function storeCounts(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^aideals_store_${name}_total (\\d+)`, 'mu').exec(text)?.[1]);
  return { flushes: of('flushes'), writes: of('writes') };
}

async function startServers({ keep, folder }) {
  const bare = await keep(
    startChild({
      script: here('./durable/bare-server.mjs'),
      env: { BENCH_DATA_DIR: await folder() },
      core: 0,
      ready: (line) => line.startsWith('ready at '),
    }),
  );
  const shared = await keep(startAideals({ dataDir: await folder(), env: ENV }));
  const each = await keep(
    startAideals({ dataDir: await folder(), env: ENV, script: here('./durable/each-server.mjs') }),
  );
  const askBare = asking(bare);
  const bareUrl = bare.line.slice('ready at '.length);
  const ours = ({ wsUrl }) => ({ urlOf: (user) => `${wsUrl}/?token=${token(user)}` });
  return {
    bare: { child: bare, urlOf: (user) => `${bareUrl}/?user=${user}`, counts: () => askBare({ counts: true }) },
    shared: { child: shared, ...ours(shared), counts: () => storeCounts(shared.url) },
    each: { child: each, ...ours(each), counts: () => storeCounts(each.url) },
  };
}

const pairs = (senders, urlOf) =>
  Array.from({ length: senders }, (_, i) => {
    const [sender, recipient] = [`sender-${i}`, `recipient-${i}`];
    return { senderUrl: urlOf(sender), recipientUrl: urlOf(recipient), recipientId: recipient };
  });

async function measure(ask, name, server, load) {
  const countsBefore = await server.counts();
  const before = await server.child.cpu();
  const { messages, millis } = await ask({ run: { name, ...load } });
  const cpu = (await server.child.cpu()) - before;
  const counts = await server.counts();
  const flushes = counts.flushes - countsBefore.flushes;
  return {
    messages,
    flushes,
    messagesPerFlush: messages / flushes,
    rowsPerMessage: (counts.writes - countsBefore.writes) / messages,
    messagesPerSecond: (messages / millis) * 1000,
    cpuMicros: cpu / messages,
  };
}

export async function run({ senders, rounds, seconds }) {
  const plan = { senders: Number(senders), rounds: Number(rounds), millis: Number(seconds) * 1000 };
  if (!(plan.senders >= 1 && plan.rounds >= 1 && plan.millis > 0))
    throw new Error('senders, rounds and seconds must be positive numbers');
  checkPlan(3 * (plan.rounds * plan.millis + WARM_UP_MILLIS) + 2 * LONE_ROUNDS * plan.millis);
  return report(await bounded((room) => work(room, plan)), plan);
}

async function work(room, plan) {
  const servers = await startServers(room);
  const load = startChild({
    script: here('./durable/load.mjs'),
    core: 1,
    measured: false,
    ready: (line) => line === 'ready',
  });
  const ask = asking(await room.keep(load));
  const names = Object.keys(servers);
  for (const name of names) await ask({ open: { name, pairs: pairs(plan.senders, servers[name].urlOf) } });
  const crowd = { senders: plan.senders, depth: 1 };
  for (const name of names) await ask({ run: { name, ...crowd, millis: WARM_UP_MILLIS } });
  const samples = [];
  for (let round = 0; round < plan.rounds; round++) {
    // Who goes first changes, so that none always has the warmer core.
    const order = round % 2 === 0 ? names : names.toReversed();
    const sample = {};
    for (const name of order) {
      sample[name] = await measure(ask, name, servers[name], { ...crowd, millis: plan.millis });
    }
    samples.push(sample);
  }
  const lone = {};
  for (const depth of [1, PIPELINE]) {
    lone[depth] = [];
    for (let round = 0; round < LONE_ROUNDS; round++) {
      lone[depth].push(await measure(ask, 'shared', servers.shared, { senders: 1, depth, millis: plan.millis }));
    }
  }
  return { samples, lone };
}

const LABELS = { bare: 'bare ws and lmdb', shared: 'aideals', each: 'aideals, a flush each' };

async function report({ samples, lone }, plan) {
  const of = (name, field) => samples.map((sample) => sample[name][field]);
  const ratios = (a, b, field) => samples.map((sample) => sample[a][field] / sample[b][field]);
  const perFlush = spread(of('shared', 'messagesPerFlush'));
  const throughput = spread(ratios('shared', 'each', 'messagesPerSecond'));
  const cpu = spread(ratios('shared', 'bare', 'cpuMicros'));
  // Other work on the machine only adds to what a round costs: the cheapest of each are the least disturbed.
  const cpuAtBest = Math.min(...of('shared', 'cpuMicros')) / Math.min(...of('bare', 'cpuMicros'));
  const line = (label, results) => [
    label,
    ...[
      ['messagesPerSecond', 0],
      ['messagesPerFlush', 1],
      ['rowsPerMessage', 1],
      ['cpuMicros', 1],
    ].map(([field, digits]) => median(results.map((result) => result[field])).toFixed(digits)),
  ];
  const head = ['', 'messages/s', 'per flush', 'rows each', 'CPU µs each'];
  const crowd = Object.entries(LABELS).map(([name, label]) =>
    line(
      label,
      samples.map((sample) => sample[name]),
    ),
  );
  const alone = Object.entries(lone).map(([depth, results]) =>
    line(`aideals, one sender, ${depth} in flight`, results),
  );
  process.stdout.write(
    `Durable sendMessage, ${plan.senders} senders at once, each message to an open connection; medians of ${plan.rounds} rounds of ${plan.millis / 1000} s\n(${place()})\n\n${table([head, ...crowd, ...alone])}\n\n`,
  );
  const met = printTargets([
    {
      what: 'messages per flush',
      wanted: `≥ ${TARGETS.messagesPerFlush}`,
      value: shown(perFlush, 1),
      met: perFlush.median >= TARGETS.messagesPerFlush,
    },
    {
      what: 'throughput, to a flush each',
      wanted: `≥ ${TARGETS.throughput}`,
      value: shown(throughput, 2),
      met: throughput.median >= TARGETS.throughput,
    },
    {
      what: 'CPU a message, to bare ws and lmdb',
      wanted: `≤ ${TARGETS.cpu}`,
      value: shown(cpu, 2),
      met: cpu.median <= TARGETS.cpu,
    },
  ]);
  process.stdout.write(`\nCPU a message, best round to best round: ${cpuAtBest.toFixed(2)}\n`);
  if (isBusy()) process.stdout.write('The machine is busy with other work: trust ratios, not rates.\n');
  await writeResults('durable', {
    ...plan,
    met,
    perFlush,
    throughput,
    cpu: { ...cpu, atBest: cpuAtBest },
    samples,
    lone,
  });
  return met ? 0 : 1;
}
