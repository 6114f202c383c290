// The functions of the serverless deployment: from cold, warm, and one broadcast to many through the local gateway.
import { availableParallelism, loadavg } from 'node:os';
import { bounded } from './bounded.mjs';
import { isBusy, printTargets, writeResults } from './report.mjs';
import { broadcasts } from './serverless/broadcast.mjs';
import { countingReads } from './serverless/dynamo.mjs';
import { anyApi, coldStarts, environment, warmMessages } from './serverless/functions.mjs';
import { table } from './statistics.mjs';

export const description = 'functions from cold and warm, and a broadcast through the local gateway';
export const options = [
  ['--connections <n>', 'connections of the broadcast, each with a subscription', '10000'],
  ['--filters <n>', 'distinct filters among them', '100'],
  ['--rounds <n>', 'measurements of which the middle one counts', '3'],
];

const COLD_MS = 250;
const WARM_MS = 5;
const REQUESTS = 1.1;
const WARM_COUNT = 60;
const LIMIT_MILLIS = 300_000;
/** An instance of Lambda, times the instances at once. */
const MEMORY_MIB = 6 * 256;
/** Rows of the log, of keys and of the queue, beside those of filters and matches. */
const OTHER_ROWS = 50;

const mebibytes = (bytes) => bytes / 2 ** 20;

const work = async (room, { connections, filters, rounds }) => {
  const { LocalDynamo, makeTables, tableSettings } = await import('../../packages/local-cluster/dist/index.js');
  const dynamo = await room.keep(LocalDynamo.start());
  const api = await room.keep(anyApi());
  const tables = tableSettings();
  await makeTables({ ...tables, AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint, AWS_REGION: 'us-east-1' });
  const reads = await room.keep(countingReads(dynamo.endpoint));
  const store = environment(reads.endpoint, tables);
  // The gateway has keys and addresses of its own.
  const env = { ...store, ...api.env };
  const cold = await coldStarts(room, env, rounds);
  const warm = await warmMessages(room, env, { count: WARM_COUNT, rounds, requests: () => reads.counts.requests });
  const sent = await broadcasts(room, { env: store, reads, endpoint: dynamo.endpoint, tables, connections, filters });
  return { cold, warm, ...sent };
};

const targetsOf = ({ cold, warm, few, all, scans }, { connections, filters }) => {
  const slowest = Math.max(...Object.values(cold).map(({ ms }) => ms));
  const dearest = Object.entries(warm).sort(([, a], [, b]) => b.cpuMs - a.cpuMs)[0];
  const ratio = all.posts / all.deliveries;
  const grown = mebibytes(all.grown);
  const allowed = filters + few.deliveries + OTHER_ROWS;
  return [
    {
      what: 'the slowest cold start',
      wanted: `< ${COLD_MS} ms`,
      value: `${slowest.toFixed(0)} ms`,
      met: slowest < COLD_MS,
    },
    {
      what: `CPU of the dearest warm event (${dearest[0]})`,
      wanted: `< ${WARM_MS} ms`,
      value: `${dearest[1].cpuMs.toFixed(2)} ms`,
      met: dearest[1].cpuMs < WARM_MS,
    },
    {
      what: `requests for each delivery, to ${connections.toLocaleString('en-US')}`,
      wanted: `≤ ${REQUESTS}`,
      value: ratio.toFixed(3),
      met: ratio <= REQUESTS,
    },
    {
      what: `rows read for ${few.deliveries} matches of ${connections.toLocaleString('en-US')} subscriptions`,
      wanted: `≤ ${allowed}, no scan`,
      value: `${few.rows}, ${scans} scans`,
      met: few.rows <= allowed && scans === 0,
    },
    {
      what: 'memory that the broadcast to all takes, with all instances',
      wanted: `< ${MEMORY_MIB} MiB`,
      value: `${grown.toFixed(0)} MiB`,
      met: grown < MEMORY_MIB,
    },
  ];
};

export async function run(given) {
  const [connections, filters, rounds] = [given.connections, given.filters, given.rounds].map(Number);
  const found = await bounded((room) => work(room, { connections, filters, rounds }), LIMIT_MILLIS);
  const { cold, warm, few, all } = found;
  const rows = [
    ...Object.entries(cold).map(([name, { ms, cpuMs }]) => [
      `${name}, from cold`,
      `${ms.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of CPU)`,
    ]),
    ...Object.entries(warm).map(([name, { cpuMs, requests }]) => [
      `${name}, warm`,
      `${cpuMs.toFixed(2)} ms of CPU, ${requests.toFixed(1)} requests to DynamoDB`,
    ]),
    ...[few, all].map((each) => [
      `one event to ${each.deliveries} of ${connections} subscriptions`,
      `${each.posts} calls, ${each.rows} rows read, ${each.seconds.toFixed(1)} s, ${mebibytes(each.grown).toFixed(0)} MiB`,
    ]),
  ];
  const busy = isBusy() ? '\nThe machine is busy with other work: what is measured here tells little.\n' : '';
  const where = `Node ${process.version}, load average ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;
  process.stdout.write(`The functions of the serverless deployment\n(${where})\n${busy}\n${table(rows)}\n\n`);
  const targets = targetsOf(found, { connections, filters });
  const met = printTargets(targets);
  await writeResults('serverless', { connections, filters, rounds, ...found, met });
  return met ? 0 : 1;
}
