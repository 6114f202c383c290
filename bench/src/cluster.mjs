// Three nodes over Redis and DynamoDB: how long an event takes from the publisher at one to subscribers at another, what
// hearing of it costs a node with subscribers and one without, and whether a delivery costs more on two nodes than on one.
import { availableParallelism, loadavg } from 'node:os';
import WebSocket from 'ws';
import { SECRET, token } from './aideals.mjs';
import { bounded } from './bounded.mjs';
import { poster } from './posting.mjs';
import { cpuMicros } from './process.mjs';
import { isBusy, printTargets, writeResults } from './report.mjs';
import { table } from './statistics.mjs';

export const description = 'latency from node to node, and what a cluster costs for each event and delivery';
export const options = [
  ['--rate <n>', 'events a second', '1000'],
  ['--seconds <s>', 'seconds of publishing for each measurement', '4'],
  ['--sockets <n>', 'subscribers, on one node and then on two', '200'],
];

const KEY = 'the-key-of-this-benchmark';
const TICK_MILLIS = 5;

/** Nodes, Redis, DynamoDB and the load share all cores. */
const where = () =>
  `Node ${process.version}, not pinned, load average ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;

const startCluster = async (folder) => {
  const { LocalCluster } = await import('../../packages/local-cluster/dist/index.js');
  const env = { JWT_SECRET: SECRET, AIDEALS_API_KEYS: `bench:${KEY}:publish`, AIDEALS_RATE_LIMIT: 'off' };
  return LocalCluster.start({ nodes: 3, folder, env });
};

const subscribed = (url, user, topic, heard) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace(/^http/u, 'ws')}/ws?token=${token(user)}`, {
      perMessageDeflate: false,
    });
    socket.on('error', reject);
    socket.on('open', () =>
      socket.send(JSON.stringify({ action: 'subscribeToDeals', data: { topic }, requestId: 's' })),
    );
    socket.on('message', (data) => {
      const frame = JSON.parse(data);
      if (frame.requestId === 's') resolve(socket);
      else if (frame.type === 'dealUpdate') heard(frame.data.n);
    });
  });

/** Publishes at a rate, an event a request, and tells what each node used meanwhile, in microseconds for each event. */
const publishing = async ({ cluster, post, topic, rate, seconds, sentAt, arrived }) => {
  const count = rate * seconds;
  const before = cluster.nodes.map(({ pid }) => cpuMicros(pid));
  const answers = [];
  const began = performance.now();
  for (let n = 0; n < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - began) * rate) / 1000));
    for (; n < due; n += 1) {
      sentAt[n] = performance.now();
      const data = { n, dealId: `d${n}`, title: 'A deal like many others', category: 'electronics', discount: n % 70 };
      answers.push(post('/v1/broadcast', JSON.stringify({ topic, data })));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MILLIS));
  }
  await Promise.all(answers);
  await arrived(count);
  return cluster.nodes.map(({ pid }, i) => (cpuMicros(pid) - before[i]) / count);
};

const measure = async (cluster, { rate, seconds, sockets, nodes, topic }) => {
  const [first] = cluster.nodes;
  const { post, end } = poster(first.url, { 'x-api-key': KEY });
  const sentAt = [];
  const latencies = [];
  let heard = 0;
  let wake = () => undefined;
  const open = [];
  for (let i = 0; i < sockets; i += 1) {
    const at = cluster.nodes[nodes[i % nodes.length]].url;
    const hear = (n) => {
      heard += 1;
      if (i < nodes.length) latencies.push(performance.now() - sentAt[n]);
      wake();
    };
    open.push(await subscribed(at, `reader-${i}`, topic, hear));
  }
  const arrived = (count) =>
    new Promise((resolve) => {
      wake = () => heard >= count * sockets && resolve();
      wake();
    });
  const cpu = await publishing({ cluster, post, topic, rate, seconds, sentAt, arrived });
  for (const socket of open) socket.terminate();
  end();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return { cpu, p50: at(0.5), p99: at(0.99) };
};

const work = async (room, { rate, seconds, sockets }) => {
  const cluster = await room.keep(startCluster(await room.folder()));
  // The first events make everything warm.
  await measure(cluster, { rate: 200, seconds: 1, sockets: 1, nodes: [1], topic: 'warm' });
  const one = await measure(cluster, { rate, seconds, sockets: 1, nodes: [1], topic: 'one' });
  const few = Math.max(1, Math.floor(rate / 20));
  const together = await measure(cluster, { rate: few, seconds, sockets, nodes: [1], topic: 'together' });
  const apart = await measure(cluster, { rate: few, seconds, sockets, nodes: [1, 2], topic: 'apart' });
  return { one, together, apart };
};

export async function run(given) {
  const [rate, seconds, sockets] = [given.rate, given.seconds, given.sockets].map(Number);
  const { one, together, apart } = await bounded((room) => work(room, { rate, seconds, sockets }), 90_000);
  const [, listening, deaf] = one.cpu;
  // What both do each second whatever is published is in both.
  const hearing = listening - deaf;
  const perDelivery = (cpu) => (cpu[1] + cpu[2]) / sockets;
  const ratio = perDelivery(apart.cpu) / perDelivery(together.cpu);
  const rows = [
    ['from node to node, p50', `${one.p50.toFixed(2)} ms`],
    ['from node to node, p99', `${one.p99.toFixed(2)} ms`],
    ['CPU per event, node with one subscriber', `${listening.toFixed(1)} µs`],
    ['CPU per event, node without one', `${deaf.toFixed(1)} µs`],
    [`CPU per delivery, ${sockets} on one node`, `${perDelivery(together.cpu).toFixed(2)} µs`],
    [`CPU per delivery, ${sockets} on two nodes`, `${perDelivery(apart.cpu).toFixed(2)} µs`],
  ];
  const busy = isBusy() ? '\nThe machine is busy with other work: what is measured here tells little.\n' : '';
  process.stdout.write(`Three nodes, ${rate} events a second\n(${where()})\n${busy}\n${table(rows)}\n\n`);
  const targets = [
    { what: 'p50 from node to node', wanted: '< 2 ms', value: `${one.p50.toFixed(2)} ms`, met: one.p50 < 2 },
    { what: 'p99 from node to node', wanted: '< 10 ms', value: `${one.p99.toFixed(2)} ms`, met: one.p99 < 10 },
    {
      what: 'CPU per event that a subscriber adds to a node',
      wanted: '< 60 µs',
      value: `${hearing.toFixed(1)} µs`,
      met: hearing < 60,
    },
    { what: 'CPU per delivery, two nodes to one', wanted: '≤ 1.15', value: ratio.toFixed(2), met: ratio <= 1.15 },
  ];
  const met = printTargets(targets);
  await writeResults('cluster', { rate, seconds, sockets, one, together, apart, ratio, met });
  return met ? 0 : 1;
}
