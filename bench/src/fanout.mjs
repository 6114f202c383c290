// One event to many: what a delivery costs the server, beside a loop of `send()` in C and beside other servers. The servers
// run on one core, load and publisher on the other. A publish of ours is all of it: HTTP, key, schema, durable append, match.

import { bounded } from './bounded.mjs';
import { deal } from './fanout/event.mjs';
import { FLOOR, opened, readerWithTokens } from './fanout/opened.mjs';
import { names } from './fanout/servers.mjs';
import { cpuMicros } from './process.mjs';
import { isBusy, place, printTargets, writeResults } from './report.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU per delivery of one event to 1,000, beside a C loop and other servers';
export const options = [
  ['--rounds <n>', 'rounds per server and case', '5'],
  ['--sockets <n>', 'subscribers', '1000'],
  ['--servers <names>', 'which, parted by commas', names.join(',')],
];

const BYTES = 200;

/** One publish at a time: the next when all have the one before. */
const oneAtATime = (server, reader, sockets) => async (count, seen) => {
  for (let i = 0; i < count; i++) {
    await server.publish([deal(i, { bytes: BYTES })]);
    await reader.wait(server.name, seen + (i + 1) * sockets);
  }
};

/** Eight publishes under way: each follows the answer to the one before. */
const inFlight = (server, reader, sockets) => async (count, seen) => {
  let next = 0;
  const publisher = async () => {
    while (next < count) await server.publish([deal(next++, { bytes: BYTES })]);
  };
  await Promise.all(Array.from({ length: 8 }, publisher));
  await reader.wait(server.name, seen + count * sockets);
};

/** All in one request. */
const burst = (server, reader, sockets) => async (count, seen) => {
  for (let i = 0; i < count; i += 100) {
    await server.publish(Array.from({ length: 100 }, (_, j) => deal(i + j, { bytes: BYTES })));
    await reader.wait(server.name, seen + (i + 100) * sockets);
  }
};

const floorOf = (joined) => (floor, reader, sockets) => async (count, seen) => {
  for (let i = 0; i < count; i += joined) {
    await floor.publish(joined, BYTES - 4, joined > 1, sockets);
    await reader.wait(floor.name, seen + (i + joined) * sockets);
  }
};

export const cases = [
  { name: 'one at a time', count: 60, ours: oneAtATime, floor: floorOf(1), target: 1.6 },
  { name: '8 in flight', count: 240, ours: inFlight, floor: floorOf(8), target: 1.7 },
  { name: 'a burst of 100', count: 300, ours: burst, floor: floorOf(100), target: 2 },
];

/** CPU microseconds of the server per delivery. */
const measure = async (server, run, count, sockets) => {
  const before = cpuMicros(server.pid);
  await run(count, server.seen);
  server.seen += count * sockets;
  return (cpuMicros(server.pid) - before) / (count * sockets);
};

export async function run({ rounds, sockets, servers }) {
  const plan = { rounds: Number(rounds), sockets: Number(sockets), servers: servers.split(',') };
  const samples = await bounded((room) => work(room, plan), 240_000);
  return report(samples, plan);
}

/** All servers stand side by side and take turns, so that what else the machine does falls on all of them. */
async function work(room, { rounds, sockets, servers }) {
  const reader = await readerWithTokens(room);
  const running = [];
  for (const name of [FLOOR, ...servers]) running.push(await opened(room, reader, name, { count: sockets }));
  const samples = [];
  for (const each of cases) {
    for (let round = -1; round < rounds; round++) {
      const sample = { case: each.name };
      for (const server of running) {
        const make = server.name === FLOOR ? each.floor : each.ours;
        sample[server.name] = await measure(server, make(server, reader, sockets), each.count, sockets);
      }
      // The first round warms up.
      if (round >= 0) samples.push(sample);
    }
  }
  return samples;
}

async function report(samples, { rounds, sockets, servers }) {
  const all = [FLOOR, ...servers];
  const of = (name, each) => samples.filter((sample) => sample.case === each.name).map((sample) => sample[name]);
  const ratio = (name, each) => median(of(name, each).map((value, i) => value / of(FLOOR, each)[i]));
  const rows = all.map((name) => [
    name,
    ...cases.flatMap((each) => [median(of(name, each)).toFixed(2), ratio(name, each).toFixed(2)]),
  ]);
  const head = ['server', ...cases.flatMap(({ name }) => [`${name}, µs`, 'ratio'])];
  process.stdout.write(
    `Server CPU per delivery, ${sockets} subscribers, frames of ${BYTES} bytes, median of ${rounds} rounds\n(${place()})\n\n${table([head, ...rows])}\n\n`,
  );
  const toWs = (each) => median(of('ws', each).map((value, i) => value / of('aideals', each)[i]));
  const [one, eight, hundred] = cases;
  const asked = cases.map((each) => {
    const value = ratio('aideals', each);
    return {
      what: `${each.name}, to the C loop`,
      wanted: `≤ ${each.target}`,
      value: value.toFixed(2),
      met: value <= each.target,
    };
  });
  const others = servers.filter((name) => name !== 'aideals').map((name) => [name, ratio(name, hundred)]);
  if (servers.includes('ws'))
    asked.push(
      {
        what: `${one.name}, times cheaper than ws`,
        wanted: '≥ 1.25',
        value: toWs(one).toFixed(2),
        met: toWs(one) >= 1.25,
      },
      {
        what: `${eight.name}, times cheaper than ws`,
        wanted: '≥ 8',
        value: toWs(eight).toFixed(1),
        met: toWs(eight) >= 8,
      },
    );
  if (others.length > 0) {
    const [name, best] = others.reduce((a, b) => (b[1] < a[1] ? b : a));
    const ours = ratio('aideals', hundred);
    asked.push({
      what: `${hundred.name}, to the cheapest other (${name})`,
      wanted: '< 1',
      value: (ours / best).toFixed(2),
      met: ours < best,
    });
  }
  const met = printTargets(asked);
  if (isBusy()) process.stdout.write('The machine is busy with other work: the figures are rough.\n');
  const results = all.map((name) => ({
    name,
    cases: cases.map((each) => ({ name: each.name, micros: median(of(name, each)), ratio: ratio(name, each) })),
  }));
  await writeResults('fanout', { rounds, sockets, results, samples });
  return met ? 0 : 1;
}
