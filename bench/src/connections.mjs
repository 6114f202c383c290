// What a connection costs: to let it in with a token, and to keep it while nothing happens.
import { SECRET } from './aideals.mjs';
import { bounded } from './bounded.mjs';
import { opened, readerWithTokens } from './fanout/opened.mjs';
import { startServer } from './fanout/servers.mjs';
import { cpuMicros, residentKiB } from './process.mjs';
import { place, printTargets, writeResults } from './report.mjs';
import { median, table } from './statistics.mjs';

export const description = 'server CPU to let in a connection with a token, and memory to keep it';
export const options = [['--rounds <n>', 'rounds per server', '5']];

const CONNECTS = 2_000;
const IDLE = 8_000;
const REST_MS = 100;
/** The share of a core below which a server rests. */
const RESTING = 0.03;

/** With a subscription each, where that belongs to a connection. */
const plain = { hello: '-', replies: 0 };
const kinds = [
  { name: 'aideals', server: 'aideals', connect: { path: '/?token=$', ...plain } },
  {
    name: 'ws, node:crypto',
    server: 'ws',
    env: { TOKEN: 'crypto' },
    connect: { path: '/?topic=a&token=$', ...plain },
  },
  { name: 'ws, jose', server: 'ws', env: { TOKEN: 'jose' }, connect: { path: '/?topic=a&token=$', ...plain } },
];

/** Waits until a server has nothing more to do: what is left of the last round is none of the next. */
const settled = async (pid) => {
  let before = cpuMicros(pid);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const now = cpuMicros(pid);
    if (now - before < REST_MS * 1000 * RESTING) return;
    before = now;
  }
};

async function measureConnect(room, { name, server: serverName, env = {}, connect }, rounds) {
  const reader = await readerWithTokens(room);
  const server = await startServer(serverName, room, { ...env, JWT_SECRET: SECRET });
  const micros = [];
  for (let round = -1; round < rounds; round++) {
    const group = `${name} ${round}`;
    const before = cpuMicros(server.pid);
    await reader.open({ name: group, url: server.url, count: CONNECTS, ...connect });
    await settled(server.pid);
    if (round >= 0) micros.push((cpuMicros(server.pid) - before) / CONNECTS);
    await reader.close(group);
    await settled(server.pid);
  }
  return median(micros);
}

async function measureIdle(room, name) {
  const reader = await readerWithTokens(room);
  const server = await opened(room, reader, name, { count: 1_000 });
  const before = residentKiB(server.pid);
  await reader.open({ name: 'idle', url: server.url, count: IDLE, ...server.subscriber });
  return (residentKiB(server.pid) - before) / IDLE;
}

export async function run({ rounds }) {
  const connects = [];
  for (const kind of kinds)
    connects.push({ name: kind.name, micros: await bounded((room) => measureConnect(room, kind, Number(rounds))) });
  const idle = [];
  for (const name of ['aideals', 'ws', 'Socket.IO', 'Bun (uWebSockets)'])
    idle.push({ name, kib: await bounded((room) => measureIdle(room, name)) });
  process.stdout.write(`What a connection costs\n(${place()})\n\n`);
  process.stdout.write(
    `${table([['connect with a token', 'CPU, µs'], ...connects.map(({ name, micros }) => [name, micros.toFixed(0)])])}\n\n`,
  );
  process.stdout.write(
    `${table([['idle, subscribed', 'RSS, KiB'], ...idle.map(({ name, kib }) => [name, kib.toFixed(1)])])}\n\n`,
  );
  const [ours, crypto] = connects;
  const met = printTargets([
    {
      what: 'connect, to ws with node:crypto',
      wanted: '≤ 1',
      value: (ours.micros / crypto.micros).toFixed(2),
      met: ours.micros <= crypto.micros,
    },
    { what: 'an idle connection', wanted: '≤ 9 KiB', value: `${idle[0].kib.toFixed(1)} KiB`, met: idle[0].kib <= 9 },
  ]);
  await writeResults('connections', { connects, idle, met });
  return met ? 0 : 1;
}
