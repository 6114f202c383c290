// How long another connection waits for its pong while events go out to 10,000: whether a fan-out blocks the rest.
import { fileURLToPath } from 'node:url';
import { token } from './aideals.mjs';
import { bounded } from './bounded.mjs';
import { startChild } from './child.mjs';
import { deal } from './fanout/event.mjs';
import { opened, readerWithTokens } from './fanout/opened.mjs';
import { place, printTargets, writeResults } from './report.mjs';
import { table } from './statistics.mjs';

export const description = 'p99 of another connection’s ping during fan-outs to 10,000';
export const options = [
  ['--seconds <s>', 'seconds of publishing per server', '6'],
  ['--servers <names>', 'which, parted by commas', 'aideals,ws,Bun (uWebSockets)'],
];

const SOCKETS = 10_000;
const script = fileURLToPath(new URL('./fanout/pinger.mjs', import.meta.url));

async function measure(room, name, seconds) {
  const reader = await readerWithTokens(room);
  const server = await opened(room, reader, name, { count: SOCKETS });
  const url = `${server.url}${server.subscriber.path.replaceAll('@', 'elsewhere').replace('$', token('pinger'))}`;
  const pinger = await room.keep(
    startChild({ script, args: [url], core: 1, measured: false, ready: (line) => line === 'ready' }),
  );
  const answered = new Promise((resolve, reject) => {
    pinger.onMessage(resolve);
    pinger.onExit(reject);
  });
  pinger.send('begin');
  const end = performance.now() + seconds * 1000;
  let n = 0;
  while (performance.now() < end) {
    await server.publish([deal(n++)]);
    await reader.wait(name, n * SOCKETS);
  }
  pinger.send('end');
  return { name, publishes: n, ...(await answered) };
}

export async function run({ seconds, servers }) {
  const results = [];
  for (const name of servers.split(',')) results.push(await bounded((room) => measure(room, name, Number(seconds))));
  const rows = results.map(({ name, pings, p50, p99, max }) => [
    name,
    String(pings),
    ...[p50, p99, max].map((value) => value.toFixed(1)),
  ]);
  process.stdout.write(
    `Ping of another connection during fan-outs to ${SOCKETS}, in milliseconds\n(${place()})\n\n${table([['server', 'pings', 'p50', 'p99', 'most'], ...rows])}\n\n`,
  );
  const of = (name) => results.find((result) => result.name === name)?.p99;
  const ratio = of('aideals') / of('Bun (uWebSockets)');
  const met = printTargets([{ what: 'p99, to Bun', wanted: '≤ 0.2', value: ratio.toFixed(2), met: ratio <= 0.2 }]);
  await writeResults('pings', { results, ratio, met });
  return met ? 0 : 1;
}
