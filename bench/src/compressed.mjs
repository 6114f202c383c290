// A deal of 600 bytes to 1,000 who take compressed frames: what that costs beside a loop of `send()` of the plain frame.
import { bounded } from './bounded.mjs';
import { wordyDeal } from './fanout/event.mjs';
import { FLOOR, opened, readerWithTokens } from './fanout/opened.mjs';
import { cpuMicros } from './process.mjs';
import { place, printTargets, writeResults } from './report.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU per delivery of a compressed deal of 600 bytes to 1,000';
export const options = [
  ['--rounds <n>', 'rounds per server', '5'],
  ['--servers <names>', 'which, parted by commas', 'aideals,ws,Bun (uWebSockets)'],
];

const SOCKETS = 1_000;
const PUBLISHES = 60;
const PLAIN_BYTES = 600;

const publishAll = async (server, reader) => {
  for (let i = 0; i < PUBLISHES; i++) {
    if (server.name === FLOOR) await server.publish(1, PLAIN_BYTES - 4, false, SOCKETS);
    else await server.publish([wordyDeal(i)]);
    server.seen += SOCKETS;
    await reader.wait(server.name, server.seen);
  }
};

async function work(room, { rounds, servers }) {
  const reader = await readerWithTokens(room);
  const running = [];
  for (const name of [FLOOR, ...servers]) {
    const env = name === 'aideals' ? { AIDEALS_COMPRESS_FROM: '256' } : { DEFLATE: '1' };
    running.push(await opened(room, reader, name, { count: SOCKETS, deflates: name !== FLOOR, env }));
  }
  const samples = [];
  for (let round = -1; round < rounds; round++) {
    const sample = {};
    for (const server of running) {
      const before = cpuMicros(server.pid);
      await publishAll(server, reader);
      sample[server.name] = (cpuMicros(server.pid) - before) / (PUBLISHES * SOCKETS);
    }
    // The first round warms up.
    if (round >= 0) samples.push(sample);
  }
  return samples;
}

export async function run({ rounds, servers }) {
  const plan = { rounds: Number(rounds), servers: servers.split(',') };
  const samples = await bounded((room) => work(room, plan), 120_000);
  const results = [FLOOR, ...plan.servers].map((name) => ({
    name,
    micros: median(samples.map((sample) => sample[name])),
    ratio: median(samples.map((sample) => sample[name] / sample[FLOOR])),
  }));
  const rows = results.map(({ name, micros, ratio }) => [name, micros.toFixed(2), ratio.toFixed(2)]);
  process.stdout.write(
    `Server CPU per delivery of a compressed deal, ${SOCKETS} subscribers, beside a C loop of the plain frame\n(${place()})\n\n${table([['server', 'µs', 'ratio'], ...rows])}\n\n`,
  );
  const ours = results.find(({ name }) => name === 'aideals')?.ratio ?? Number.NaN;
  const met = printTargets([
    { what: 'compressed, to a C loop of the plain frame', wanted: '≤ 1.8', value: ours.toFixed(2), met: ours <= 1.8 },
  ]);
  await writeResults('compressed', { ...plan, results, met, samples });
  return met ? 0 : 1;
}
