/** Runs the suites of Vitest and counts what they say. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.mjs';

const VITEST = 'node_modules/vitest/vitest.mjs';

/** Lines of what passed: of no use beside what failed. */
const PASSED = /^ *✓ .*\n/gmu;

/** In a file that does not load, or whose preparation fails, no test runs and none has failed: each counts as one that did. */
const kept = (file) => {
  if (file.status !== 'failed' || file.assertionResults.some(({ status }) => status === 'failed')) return 0;
  return Math.max(1, file.assertionResults.filter(({ status }) => status !== 'passed').length);
};

const count = (report) => {
  const lost = report.testResults.reduce((sum, file) => sum + kept(file), 0);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests + lost, skipped: Math.max(0, skipped - lost) };
};

/** `projects` as vitest.config.ts names them; `node` is the command that runs JavaScript. */
export const suites = async (projects, { node = [process.execPath], env = {} } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-test-'));
  const file = join(folder, 'report.json');
  const [program, ...args] = [
    ...node,
    VITEST,
    'run',
    ...projects.map((name) => `--project=${name}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  try {
    let failure;
    try {
      await run(program, args, { env, seconds: 900 });
    } catch (error) {
      failure = error;
    }
    let counts;
    try {
      counts = count(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      throw failure ?? error;
    }
    // An error outside of any test fails the run as well.
    if (failure && counts.failed === 0) counts.failed = 1;
    return { ...counts, output: failure?.output.replace(PASSED, '') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
