// Many topics with few subscribers each: what a delivery costs where the fixed costs of a publish are not spread over many.
// Every server is published to by HTTP, by the same publisher: an event a request, or a hundred events of as many topics.
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
/** For one server: ten thousand connections take their time on a busy machine. */
const LIMIT_MILLIS = 150_000;

const cases = [
  { name: 'an event a request, 8 under way', size: 1, atOnce: 8 },
  { name: 'lists of 100 events', size: 100, atOnce: 1 },
];

const publishAll = async (server, { size, atOnce }) => {
  let next = 0;
  const publisher = async () => {
    while (next < PUBLISHES) {
      const first = next;
      next += size;
      await server.publish(
        Array.from({ length: size }, (_, i) => deal(first + i, { topic: `bench${(first + i) % TOPICS}` })),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, publisher));
};

async function measure(room, name, rounds) {
  const reader = await readerWithTokens(room);
  const server = await opened(room, reader, name, { count: SOCKETS, topics: TOPICS });
  const perRound = PUBLISHES * (SOCKETS / TOPICS);
  const micros = [];
  for (const each of cases) {
    const taken = [];
    for (let round = -1; round < rounds; round++) {
      const before = cpuMicros(server.pid);
      await publishAll(server, each);
      server.seen += perRound;
      await reader.wait(name, server.seen);
      // The first round warms up.
      if (round >= 0) taken.push((cpuMicros(server.pid) - before) / perRound);
    }
    micros.push(median(taken));
  }
  return micros;
}

export async function run({ rounds, servers }) {
  const results = [];
  // One after the other: all of them at once would be more sockets than a process may have.
  for (const name of servers.split(','))
    results.push({ name, micros: await bounded((room) => measure(room, name, Number(rounds)), LIMIT_MILLIS) });
  const of = (name) => results.find((result) => result.name === name)?.micros ?? [];
  process.stdout.write(`Server CPU per delivery in µs, ${SOCKETS} connections on ${TOPICS} topics\n(${place()})\n\n`);
  const rows = results.map(({ name, micros }) => [name, ...micros.map((each) => each.toFixed(2))]);
  process.stdout.write(`${table([['server', ...cases.map(({ name }) => name)], ...rows])}\n\n`);
  const met = printTargets(
    cases.map(({ name }, i) => {
      const ratio = of('ws')[i] / of('aideals')[i];
      return {
        what: `${name}: times cheaper than ws`,
        wanted: '≥ 1.25',
        value: ratio.toFixed(2),
        met: ratio >= 1.25,
      };
    }),
  );
  await writeResults('topics', { cases, results, met });
  return met ? 0 : 1;
}
