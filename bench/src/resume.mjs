// A client comes back and asks for what it missed: what an event that is sent again costs the server, and how long the first
// one takes, over a real socket.
import { fileURLToPath } from 'node:url';
import { startAideals, token } from './aideals.mjs';
import { asking } from './asking.mjs';
import { bounded } from './bounded.mjs';
import { startChild } from './child.mjs';
import { isBusy, place, printTargets, writeResults } from './report.mjs';
import { shown, spread, table } from './statistics.mjs';

export const description = 'resuming missed events: server CPU per event, and the time to the first one';
export const options = [
  ['--events <n>', 'events missed, all of which match', '10000'],
  ['--rounds <n>', 'rounds per subscription', '15'],
];

const TARGETS = { cpuMicros: 10, firstMillis: 50 };
const WARM_UP_ROUNDS = 3;
const TOPIC = 'new-deals';
const BATCH = 1_000;
const SUBSCRIPTIONS = [
  { label: 'all-deals, no filters', topic: 'all-deals', filters: {} },
  { label: 'one topic, two filters', topic: TOPIC, filters: { category: 'electronics', minDiscount: 20 } },
];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const deal = (i) => ({
  topic: TOPIC,
  data: {
    dealId: `deal-${i}`,
    title: `Wireless headphones, model ${i % 500}`,
    category: 'electronics',
    price: 40 + (i % 100),
    originalPrice: 199.9,
    discountPercentage: 20 + (i % 60),
    tags: ['audio', 'wireless', 'sale'],
    url: `https://shop.example.com/deals/${i}`,
  },
});

/** Publishes `events` deals and tells the id of the one before the first. */
async function publish(url, events) {
  const headers = { authorization: `Bearer ${token('crawler', 'publish')}`, 'content-type': 'application/json' };
  const post = async (body) => {
    const response = await fetch(`${url}/v1/broadcast`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`publishing was answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const { id } = await post(deal(0));
  for (let from = 1; from <= events; from += BATCH) {
    const count = Math.min(BATCH, events - from + 1);
    await post(Array.from({ length: count }, (_, i) => deal(from + i)));
  }
  return id;
}

export async function run({ events, rounds }) {
  const plan = { events: Number(events), rounds: Number(rounds) };
  if (!(plan.events >= 1 && plan.rounds >= 1)) throw new Error('events and rounds must be positive numbers');
  return report(await bounded((room) => work(room, plan)), plan);
}

async function work({ keep, folder }, plan) {
  // A connection a round, and one user: the bucket of connects is in the way.
  const server = await keep(startAideals({ dataDir: await folder(), env: { AIDEALS_RATE_CONNECT: '10000000' } }));
  const load = startChild({
    script: here('./resume/load.mjs'),
    core: 1,
    measured: false,
    ready: (line) => line === 'ready',
  });
  const ask = asking(await keep(load));
  const lastEventId = await publish(server.url, plan.events);
  const resumeOnce = async ({ topic, filters }, user) => {
    await ask({ open: { url: `${server.wsUrl}/?token=${token(user)}` } });
    const before = await server.cpu();
    const { firstMillis, millis } = await ask({
      resume: { request: { topic, filters, lastEventId }, events: plan.events },
    });
    const cpu = (await server.cpu()) - before;
    return { firstMillis, cpuMicros: cpu / plan.events, eventsPerSecond: (plan.events / millis) * 1000 };
  };
  const results = SUBSCRIPTIONS.map(({ label }) => ({ label, samples: [] }));
  for (let round = -WARM_UP_ROUNDS; round < plan.rounds; round++) {
    for (const [i, subscription] of SUBSCRIPTIONS.entries()) {
      const sample = await resumeOnce(subscription, `reader-${round}-${i}`);
      if (round >= 0) results[i].samples.push(sample);
    }
  }
  return results;
}

async function report(measured, plan) {
  const results = measured.map(({ label, samples }) => {
    const of = (field) => spread(samples.map((sample) => sample[field]));
    return {
      label,
      cpuMicros: of('cpuMicros'),
      firstMillis: of('firstMillis'),
      eventsPerSecond: of('eventsPerSecond'),
      samples,
    };
  });
  const rows = results.map(({ label, cpuMicros, firstMillis, eventsPerSecond }) => [
    label,
    shown(cpuMicros, 2),
    (1_000_000 / cpuMicros.median).toFixed(0),
    shown(firstMillis, 1),
    eventsPerSecond.median.toFixed(0),
  ]);
  const head = ['', 'CPU µs an event', 'events/s of a core', 'first event ms', 'events/s as received'];
  process.stdout.write(
    `Resuming ${plan.events} missed events over a socket; median (min–max) of ${plan.rounds} rounds\n(${place()})\n\n${table([head, ...rows])}\n\n`,
  );
  const met = printTargets(
    results.flatMap(({ label, cpuMicros, firstMillis }) => [
      {
        what: `CPU µs an event, ${label}`,
        wanted: `≤ ${TARGETS.cpuMicros}`,
        value: shown(cpuMicros, 2),
        met: cpuMicros.median <= TARGETS.cpuMicros,
      },
      {
        what: `first event ms, ${label}`,
        wanted: `≤ ${TARGETS.firstMillis}`,
        value: shown(firstMillis, 1),
        met: firstMillis.median <= TARGETS.firstMillis,
      },
    ]),
  );
  if (isBusy())
    process.stdout.write('\nThe machine is busy with other work: all of this comes out higher than it is.\n');
  await writeResults('resume', { ...plan, met, results });
  return met ? 0 : 1;
}
