/**
 * `npm test`: everything, from a fresh clone on. Plain Node, since nothing may be installed yet.
 * `--only <step>` runs one step, and may be given more than once; `--list` names them.
 */
import { join } from 'node:path';
import { endAll, run } from './test/child.mjs';
import { debianPackages } from './test/debian.mjs';
import { suites } from './test/vitest.mjs';

process.chdir(join(import.meta.dirname, '..'));

const bin = (name) => `node_modules/.bin/${name}`;
const command =
  (program, ...args) =>
  () =>
    run(program, args);
const npm = (...args) => command('npm', 'run', '--silent', ...args);

/** The examples, of which one is the guide's own test; they say themselves how many there were. */
const examples = async () => {
  let ended;
  try {
    ended = await run(process.execPath, ['examples/run.mjs']);
  } catch (error) {
    ended = error;
  }
  const found = /(\d+) passed, (\d+) failed\s*$/u.exec(ended.stdout ?? '');
  if (found === null) throw ended instanceof Error ? ended : Object.assign(new Error('no count at the end'), ended);
  const failed = Number(found[2]);
  return { passed: Number(found[1]), failed: ended.code === 0 ? failed : Math.max(1, failed), output: ended.output };
};

/** Each ends with nothing (one check that passed), with counts, or with an error (one that failed). */
const steps = {
  install: async () => {
    const { install } = await import('./install.mjs');
    await install();
  },
  debian: debianPackages,
  build: npm('build'),
  types: command(bin('tsc'), '-p', 'tsconfig.test.json'),
  lint: command(bin('biome'), 'check', '--error-on-warnings', '.'),
  imports: command(bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'packages'),
  unused: command(bin('knip')),
  generated: npm('generate', '--', '--check'),
  unit: () => suites(['unit']),
  conformance: () => suites(['conformance']),
  documents: () => suites(['documents']),
  examples,
  node24: () => suites(['unit', 'conformance'], { node: ['npx', '-y', 'node@24'] }),
};

const wanted = process.argv.flatMap((word, at, all) => (all[at - 1] === '--only' ? [word] : []));
const strange = wanted.find((name) => !Object.hasOwn(steps, name));
if (strange !== undefined || process.argv.includes('--list')) {
  console.log(`${strange === undefined ? '' : `There is no step ${strange}. `}Steps: ${Object.keys(steps).join(', ')}`);
  process.exit(strange === undefined ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });
}

const total = { passed: 0, failed: 0 };
const began = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const report = (name, since, { passed, failed, skipped = 0, output }) => {
  total.passed += passed;
  total.failed += failed;
  const counts = passed + failed > 1 ? `${passed} passed, ${failed} failed` : failed === 0 ? 'passed' : 'FAILED';
  console.log(
    `${failed === 0 ? '✓' : '✗'} ${name}: ${counts}${skipped > 0 ? `, ${skipped} skipped` : ''} (${seconds(since)})`,
  );
  if (failed > 0 && output) console.log(output.trimEnd());
};

for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const since = performance.now();
  try {
    const counts = await step();
    report(name, since, counts && 'passed' in counts ? counts : { passed: 1, failed: 0 });
  } catch (error) {
    report(name, since, { passed: 0, failed: 1, output: `${error.message}\n${error.output ?? ''}` });
  }
}

endAll();
console.log(`in ${seconds(began)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
