// Among many filters the few that an event fulfils: the index beside a plain scan of the same filters, compiled.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FilterIndex } from '../../packages/core/dist/match/index/filter-index.js';
import { Store } from '../../packages/core/dist/match/index/store.js';
import { compile } from '../../packages/core/dist/match/matches.js';
import { madeEvent, workloads } from './match/workloads.mjs';
import { place, printTargets, writeResults } from './report.mjs';
import { table } from './statistics.mjs';

export const description = 'what it costs to find who wants an event, among up to 1,000,000 distinct filters';
export const options = [['--sizes <counts>', 'how many filters, parted by commas', '1000,100000,1000000']];

const EVENTS = 2_000;
const CHURN = 20_000;
const SCAN_MS = 1_500;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Bytes in use, on the heap and outside of it. */
const used = () => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** CPU time of this process, in microseconds. */
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/**
 * The mean CPU time, and by the clock the 99th percentile and the longest, all in microseconds. `rounds` do the same work
 * again, each after `first`, and what counts is the quickest of them: what is slow each time is slow by itself, and not for what else runs here.
 */
function timed(count, rounds, first = () => undefined) {
  const micros = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const means = rounds.map((work) => {
    first();
    const before = cpu();
    for (let n = 0; n < count; n++) {
      const start = process.hrtime.bigint();
      work(n);
      micros[n] = Math.min(micros[n], Number(process.hrtime.bigint() - start) / 1000);
    }
    return (cpu() - before) / count;
  });
  micros.sort();
  return { mean: Math.min(...means), p99: percentile(micros, 0.99), longest: micros[count - 1] };
}

function scanned(filters, events) {
  const matchers = filters.map(compile);
  const found = [];
  const start = performance.now();
  const before = cpu();
  let looks = 0;
  for (let n = 0; looks < 3 || (performance.now() - start < SCAN_MS && looks < 200); n++, looks++) {
    const event = events[n % events.length];
    found.push(matchers.reduce((sum, holds) => sum + (holds(event) ? 1 : 0), 0));
  }
  return { micros: (cpu() - before) / looks, found };
}

function measure(workload, size) {
  const filters = workload.filters(size + CHURN);
  const first = filters.slice(0, size);
  const others = filters.slice(size);
  const events = Array.from({ length: EVENTS }, (_, n) => madeEvent(n));
  const items = Array.from({ length: size + CHURN }, () => ({ address: 0 }));
  const fill = (index) => (n) => index.add(first[n], items[n]);
  let before = 0;
  // The same twice: they take the same steps. Only the second is weighed: the first makes the filters what they stay.
  const [trial, index] = [new FilterIndex(new Store()), new FilterIndex(new Store())];
  const filling = timed(size, [fill(trial), fill(index)], () => {
    before = used();
  });
  const bytes = (used() - before) / size;
  const selected = events.reduce((sum, event) => sum + index.find(event).length, 0);
  const find = (n) => index.find(events[n]);
  const finding = timed(EVENTS, [find, find, find]);
  const add = (of) => (n) => of.add(others[n], items[size + n]);
  const remove = (of) => (n) => of.remove(others[n], items[size + n]);
  const adding = timed(CHURN, [add(trial), add(index)]);
  const removing = timed(CHURN, [remove(trial), remove(index)]);
  const scan = scanned(first, events);
  const agrees = scan.found.every((count, n) => index.find(events[n % EVENTS]).length === count);
  if (!agrees) throw new Error('the index and the scan found not the same');
  return { size, bytes, share: selected / EVENTS / size, scan: scan.micros, filling, finding, adding, removing };
}

const line = (name, { size, share, scan, finding, adding, removing, filling, bytes }) => [
  `${name}, ${size.toLocaleString('en-US')}`,
  `${(share * 100).toFixed(3)} %`,
  scan.toFixed(0),
  finding.mean.toFixed(1),
  finding.p99.toFixed(0),
  (scan / finding.mean).toFixed(0),
  adding.mean.toFixed(1),
  removing.mean.toFixed(1),
  (filling.longest / 1000).toFixed(1),
  bytes.toFixed(0),
];

const head = ['filters', 'selected', 'scan', 'index', 'p99', 'times', 'add', 'remove', 'longest add, ms', 'bytes each'];

const targetsOf = (name, { scan, finding, adding, removing, bytes }, { times, p99 }) => [
  {
    what: `${name}: times faster than the scan`,
    wanted: `≥ ${times}`,
    value: (scan / finding.mean).toFixed(0),
    met: scan / finding.mean >= times,
  },
  ...(p99 === undefined
    ? []
    : [
        {
          what: `${name}: p99`,
          wanted: `< ${p99} µs`,
          value: `${finding.p99.toFixed(0)} µs`,
          met: finding.p99 < p99,
        },
      ]),
  {
    what: `${name}: add or remove`,
    wanted: '< 20 µs',
    value: `${adding.mean.toFixed(1)}, ${removing.mean.toFixed(1)} µs`,
    met: Math.max(adding.mean, removing.mean) < 20,
  },
  { what: `${name}: bytes a filter`, wanted: '≤ 64', value: bytes.toFixed(0), met: bytes <= 64 },
];

export async function run({ sizes }) {
  const counts = sizes.split(',').map(Number);
  const results = workloads.map((workload) => ({
    name: workload.name,
    wanted: workload.wanted,
    rows: counts.map((size) => measure(workload, size)),
  }));
  process.stdout.write(`Who wants an event, among distinct filters; times in µs\n(${place()})\n\n`);
  const rows = results.flatMap(({ name, rows: measured }) => measured.map((each) => line(name, each)));
  process.stdout.write(`${table([head, ...rows])}\n\n`);
  const met = printTargets(
    results.flatMap(({ name, wanted, rows: measured }) => targetsOf(name, measured.at(-1), wanted)),
  );
  await writeResults('match', { results, met });
  return met ? 0 : 1;
}
