// Where the time of a fan-out goes, as a flame graph, and what a receiver costs besides: bytes allocated, and calls of JSON.
import { mkdir, writeFile } from 'node:fs/promises';
import { bounded } from './bounded.mjs';
import { deal } from './fanout/event.mjs';
import { opened, readerWithTokens } from './fanout/opened.mjs';
import { picture } from './flame/picture.mjs';
import { allocations, selfTimes, treeOf } from './flame/tree.mjs';
import { isBusy, place, printTargets, writeResults } from './report.mjs';
import { table } from './statistics.mjs';

export const description = 'a flame graph of one event to 1,000, and the bytes that a receiver allocates';
export const options = [
  ['--sockets <n>', 'subscribers', '1000'],
  ['--count <n>', 'events in each part', '150'],
];

const BYTES = 200;
const SHOWN = 12;
/** Events before it is looked. */
const WARM = 60;
/** V8 estimates by samples: what a receiver costs must not be told from nothing. A frame of its own would be 200 and more. */
const MOST_BYTES = 64;
const PROFILER = new URL('./flame/profiler.mjs', import.meta.url).href;
const IMAGES = new URL('../../docs/images/', import.meta.url);

const asker = (child) => {
  const waiting = new Map();
  child.onMessage((message) => {
    if (message?.look === undefined) return;
    waiting.get(message.look)?.(message.found);
    waiting.delete(message.look);
  });
  return (look, kind) =>
    new Promise((resolve) => {
      waiting.set(look, resolve);
      child.send({ look, kind });
    });
};

/** Bytes for a receiver, by the function that allocates them: what events to nobody allocate is taken off. */
const sitesOf = ({ all, nobody }, receivers) => {
  const base = allocations(nobody);
  return [...allocations(all)]
    .map(([label, bytes]) => ({ label, bytes: (bytes - (base.get(label) ?? 0)) / receivers }))
    .sort((a, b) => b.bytes - a.bytes);
};

async function work(room, { sockets, count }) {
  const reader = await readerWithTokens(room);
  const server = await opened(room, reader, 'aideals', {
    count: sockets,
    env: { NODE_OPTIONS: `--import ${PROFILER}` },
  });
  const ask = asker(server.child);
  let seen = 0;
  /** One at a time, to all or to nobody. */
  const publish = async (times, topic) => {
    for (let i = 0; i < times; i++) {
      await server.publish([deal(i, { bytes: BYTES, topic })]);
      if (topic !== 'bench0') continue;
      seen += sockets;
      await reader.wait(server.name, seen);
    }
  };
  const during = async (kind, topic) => {
    await ask('begin', kind);
    await publish(count, topic);
    return ask('end', kind);
  };
  await publish(WARM, 'bench0');
  await publish(WARM, 'nobody');
  const found = {};
  for (const kind of ['json', 'heap', 'cpu']) {
    found[kind] = { all: await during(kind, 'bench0'), nobody: await during(kind, 'nobody') };
  }
  return found;
}

export async function run(given) {
  const plan = { sockets: Number(given.sockets), count: Number(given.count) };
  const { sockets, count } = plan;
  const { json, heap, cpu } = await bounded((room) => work(room, plan));
  const root = treeOf(cpu.all);
  const title = `One event to ${sockets.toLocaleString('en-US')} subscribers, one publish at a time: where the time of the server goes`;
  await mkdir(IMAGES, { recursive: true });
  await writeFile(new URL('flame.svg', IMAGES), picture(root, title));
  const shares = selfTimes(root).slice(0, SHOWN);
  process.stdout.write(
    `${title}\n(${place()})\n\n${table([['time in itself', 'share'], ...shares.map(({ label, share }) => [label, `${(100 * share).toFixed(1)} %`])])}\n\n`,
  );
  const sites = sitesOf(heap, count * sockets);
  const bytes = sites.reduce((sum, site) => sum + site.bytes, 0);
  const largest = sites.slice(0, 6);
  process.stdout.write(
    `${table([['allocated for a receiver', 'bytes'], ...largest.map((site) => [site.label, site.bytes.toFixed(1)])])}\n\n`,
  );
  const calls = (json.all - json.nobody) / (count * sockets);
  const perEvent = { all: json.all / count, nobody: json.nobody / count };
  process.stdout.write(
    `JSON is called ${perEvent.all.toFixed(1)} times an event with ${sockets} receivers, ${perEvent.nobody.toFixed(1)} with none.\n\n`,
  );
  const met = printTargets([
    {
      what: 'bytes allocated for a receiver',
      wanted: `≤ ${MOST_BYTES}`,
      value: bytes.toFixed(1),
      met: bytes <= MOST_BYTES,
    },
    { what: 'calls of JSON for a receiver', wanted: '< 0.01', value: calls.toFixed(4), met: calls < 0.01 },
  ]);
  if (isBusy()) process.stdout.write('The machine is busy with other work: the shares are rough.\n');
  await writeResults('flame', { ...plan, bytes, calls, perEvent, shares, sites: largest });
  process.stdout.write('wrote docs/images/flame.svg\n');
  return met ? 0 : 1;
}
