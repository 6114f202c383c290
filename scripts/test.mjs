/**
 * `npm test`: everything, from a fresh clone on. Plain Node, since nothing may be installed yet.
 * `--only <step>` runs one step, and may be given more than once; `--list` names them.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { endAll, run } from './test/child.mjs';
import { debianPackages } from './test/debian.mjs';
import { examples } from './test/examples.mjs';
import { suites } from './test/vitest.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const bin = (name) => `node_modules/.bin/${name}`;
const command =
  (program, ...args) =>
  () =>
    run(program, args);
const npm = (...args) => command('npm', 'run', '--silent', ...args);

/** One server; three nodes with Redis and DynamoDB. */
const NODE20 = { env: { AIDEALS_CONFORMANCE_TARGETS: 'embedded,cluster' } };
/** Minutes of faults of every kind in a cluster, most of which are spent waiting. */
const LONG = { env: { AIDEALS_FAULTS_CLUSTER_SECONDS: '180' } };
const NODE24 = {
  node: ['npx', '-y', 'node@24'],
  // The same server, but what a handler keeps is forgotten after each call. The simulation's seeds need no second version.
  env: {
    AIDEALS_CONFORMANCE_TARGETS: 'embedded-forgetful',
    // Templates, pages in a browser, tools of others, and what runs several of our processes: the other steps see to them.
    AIDEALS_TESTS_WITHOUT: [
      'packages/{console,infra,local-cluster,local-gateway}/**',
      'packages/cli/src/commands/{aws-tools,bridge,cluster-running,cluster,gateway}.test.ts',
      'packages/faults/src/{cluster,serverless}/**',
    ].join(' '),
  },
};

/** What the others need, one after another. */
const first = {
  install: async () => {
    const { install } = await import('./install.mjs');
    await install();
  },
  debian: debianPackages,
  build: npm('build'),
};

/** The longest first, so that the processors end their work together. */
const then = {
  faults: () => suites(['faults'], LONG),
  node24: () => suites(['unit', 'conformance', 'faults'], NODE24),
  conformance: () => suites(['conformance'], NODE20),
  unit: () => suites(['unit']),
  simulation: () => suites(['simulation']),
  documents: () => suites(['documents']),
  examples,
  types: command(bin('tsc'), '-p', 'tsconfig.test.json'),
  imports: command(bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'packages'),
  unused: command(bin('knip')),
  lint: command(bin('biome'), 'check', '--error-on-warnings', '.'),
  generated: npm('generate', '--', '--check'),
};

const names = [...Object.keys(first), ...Object.keys(then)];
const wanted = process.argv.flatMap((word, at, all) => (all[at - 1] === '--only' ? [word] : []));
const strange = wanted.find((name) => !names.includes(name));
if (strange !== undefined || process.argv.includes('--list')) {
  console.log(`${strange === undefined ? '' : `There is no step ${strange}. `}Steps: ${names.join(', ')}`);
  process.exit(strange === undefined ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });
}

const total = { passed: 0, failed: 0 };
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const report = (name, since, { passed, failed, skipped = 0, output }) => {
  total.passed += passed;
  total.failed += failed;
  const counts = passed + failed > 1 ? `${passed} passed, ${failed} failed` : failed === 0 ? 'passed' : 'FAILED';
  const mark = failed === 0 ? '✓' : '✗';
  console.log(`${mark} ${name}: ${counts}${skipped > 0 ? `, ${skipped} skipped` : ''} (${seconds(since)})`);
  if (failed > 0 && output) console.log(output.trimEnd());
};

/** A step ends with nothing (one check that passed), with counts, or with an error (one that failed). */
const take = async ([name, step]) => {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const since = performance.now();
  try {
    const counts = await step();
    report(name, since, counts && 'passed' in counts ? counts : { passed: 1, failed: 0 });
  } catch (error) {
    report(name, since, { passed: 0, failed: 1, output: `${error.message}\n${error.output ?? ''}` });
  }
};

const inTurn = async (queue) => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await take(next);
};

const began = performance.now();
await inTurn(Object.entries(first));
const queue = Object.entries(then);
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => inTurn(queue)));

endAll();
console.log(`in ${seconds(began)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
