import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type Bench, SuiteBench } from './bench.js';
import { chooseTargets } from './choose-targets.js';
import { idsOf, readRules } from './rules.js';
import type { Env, Server, Target } from './target.js';

export type Check = (title: string, body: () => Promise<void>, ms?: number) => void;

export interface SuiteOptions {
  /** Settings of the suite's own server; a target that cannot be started with any leaves the suite out. */
  readonly env?: Env;
  /** Runs the checks side by side: for those that wait for the server's clock. */
  readonly concurrent?: boolean;
}

const rules = readRules();
const targets = chooseTargets(process.env);

/** Whether a deployment of this kind must keep one of the rules to the letter. */
const applies = (ids: readonly string[], kind: Target['kind']): boolean =>
  ids.some((id) => {
    const rule = rules.get(id);
    if (rule === undefined) throw new Error(`there is no rule ${id} in docs/protocol.md`);
    return kind === 'self-hosted' || (rule.serverless === undefined && !rule.selfHosted);
  });

/** The server with default settings of each target, for all suites of a file that need no other. */
const shared = new Map<Target, Promise<Server>>();
afterAll(async () => {
  for (const server of shared.values()) await (await server).stop();
});

const share = (target: Target): Promise<Server> => {
  const server = shared.get(target) ?? target.start();
  shared.set(target, server);
  return server;
};

/** Says in the report what could not be tried, and why. */
const leaveOut = (target: Target, title: string): void => {
  test(`${target.name}: ${title}`, ({ skip }) => skip('needs a server that can be started with settings of its own'));
};

/** Runs a suite on every target: on a server of its own where it names settings, else on the file's. */
export const onTargets = (
  title: string,
  { env, concurrent = false }: SuiteOptions,
  body: (bench: Bench, check: Check) => void,
): void => {
  for (const target of targets) {
    if (env !== undefined && !target.settable) {
      leaveOut(target, title);
      continue;
    }
    describe(`${target.name}: ${title}`, () => {
      const bench = new SuiteBench(target, () => (env === undefined ? share(target) : target.start(env)));
      beforeAll(() => bench.start());
      if (!concurrent) afterEach(() => bench.closeAll());
      afterAll(async () => {
        await bench.closeAll();
        if (env !== undefined) await bench.server.stop();
      });
      body(bench, (name, run, ms) => {
        if (!applies(idsOf(name), target.kind)) return;
        (concurrent ? test.concurrent : test)(name, run, ms);
      });
    });
  }
};

/** Runs checks that start servers themselves, on every target that can be started. */
export const onStartable = (title: string, body: (target: Target, check: Check) => void): void => {
  for (const target of targets) {
    if (!target.settable) {
      leaveOut(target, title);
      continue;
    }
    describe(`${target.name}: ${title}`, () => {
      body(target, (name, run, ms) => {
        if (applies(idsOf(name), target.kind)) test(name, run, ms);
      });
    });
  }
};
