// Many topics with few subscribers each: what a delivery costs where the fixed costs of a publish are not spread over many.
import { bounded } from './bounded.mjs';
import { deal } from './fanout/event.mjs';
import { opened, readerWithTokens } from './fanout/opened.mjs';
import { cpuMicros } from './process.mjs';
import { place, printTargets, writeResults } from './report.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU per delivery, 10,000 connections on 1,000 topics';
export const options = [
  ['--rounds <n>', 'rounds per server', '5'],
  ['--servers <names>', 'which, parted by commas', 'aideals,ws,Socket.IO,Bun (uWebSockets)'],
];

const TOPICS = 1_000;
const SOCKETS = 10_000;
const PUBLISHES = 2_000;
const AT_ONCE = 8;

const publishAll = async (server) => {
  let next = 0;
  const publisher = async () => {
    while (next < PUBLISHES) {
      const n = next++;
      await server.publish([deal(n, { topic: `bench${n % TOPICS}` })]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publisher));
};

async function measure(room, name, rounds) {
  const reader = await readerWithTokens(room);
  const server = await opened(room, reader, name, { count: SOCKETS, topics: TOPICS });
  const perRound = PUBLISHES * (SOCKETS / TOPICS);
  const micros = [];
  for (let round = -1; round < rounds; round++) {
    const before = cpuMicros(server.pid);
    await publishAll(server);
    await reader.wait(name, (round + 2) * perRound);
    // The first round warms up.
    if (round >= 0) micros.push((cpuMicros(server.pid) - before) / perRound);
  }
  return median(micros);
}

export async function run({ rounds, servers }) {
  const results = [];
  // One after the other: all of them at once would be more sockets than a process may have.
  for (const name of servers.split(','))
    results.push({ name, micros: await bounded((room) => measure(room, name, Number(rounds))) });
  const of = (name) => results.find((result) => result.name === name)?.micros;
  process.stdout.write(
    `Server CPU per delivery, ${SOCKETS} connections on ${TOPICS} topics, ${AT_ONCE} publishes in flight\n(${place()})\n\n`,
  );
  process.stdout.write(
    `${table([['server', 'µs'], ...results.map(({ name, micros }) => [name, micros.toFixed(2)])])}\n\n`,
  );
  const ratio = of('ws') / of('aideals');
  const met = printTargets([
    { what: 'times cheaper than ws', wanted: '≥ 1.25', value: ratio.toFixed(2), met: ratio >= 1.25 },
  ]);
  await writeResults('topics', { results, ratio, met });
  return met ? 0 : 1;
}
