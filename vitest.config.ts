import { defineConfig } from 'vitest/config';

// Workspace packages are read from their sources: a test never sees a stale build.
const conditions = ['@aideals/source'];

/** Files that are left out of a run, parted by spaces. */
const without = process.env['AIDEALS_TESTS_WITHOUT']?.split(' ') ?? [];

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', ...exclude, ...without] },
});

/** These two run against the built command. */
const CONFORMANCE = 'packages/conformance/src/**/*.test.ts';
const FAULTS = 'packages/faults/src/**/*.test.ts';
const SIMULATION = 'packages/simulation/src/**/*.test.ts';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      project('unit', ['packages/*/src/**/*.test.{ts,tsx}'], [CONFORMANCE, FAULTS, SIMULATION]),
      project('conformance', [CONFORMANCE]),
      project('faults', [FAULTS]),
      project('simulation', [SIMULATION]),
      project('documents', ['scripts/**/*.test.ts']),
    ],
  },
});
