import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type Bench, SuiteBench } from './bench.js';
import { chooseTargets } from './choose-targets.js';
import { holdsServerless } from './differences.js';
import { idsOf, readRules } from './rules.js';
import type { Env, Server, Target } from './target.js';
import { patient } from './waiting.js';

export type Check = (title: string, body: () => Promise<void>, ms?: number) => void;

export interface SuiteOptions {
  /** Settings of the suite's own server; a target that cannot be started with any leaves the suite out. */
  readonly env?: Env;
  /** Runs the checks side by side: for those that wait for the server's clock. */
  readonly concurrent?: boolean;
}

const rules = readRules();
const targets = chooseTargets(process.env);

/** Whether a deployment of this kind must pass a check. */
const applies = (title: string, kind: Target['kind']): boolean => {
  const unknown = idsOf(title).find((id) => !rules.has(id));
  if (unknown !== undefined) throw new Error(`there is no rule ${unknown} in docs/protocol.md`);
  return kind === 'self-hosted' || holdsServerless(title, rules);
};

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
const leaveOut = (target: Target, title: string, why: string): void => {
  test(`${target.name}: ${title}`, ({ skip }) => skip(why));
};

const NOT_OURS = 'needs a server that can be started with settings of its own';
const DIFFERENT = 'is about what may be different here: docs/differences.md';
const NO_FOLDER = 'is about the data folder, and this deployment stores elsewhere';

/** Each step of a function goes over the network several times, and over one machine here: a check takes longer. */
const SERVERLESS_MS = 90_000;

const CHECK_MS = 20_000;

/** Milliseconds that a check may take, on a machine like this. */
const patienceFor = ({ kind }: Target, ms = kind === 'serverless' ? SERVERLESS_MS : CHECK_MS): number => patient(ms);

/** Runs a suite on every target: on a server of its own where it names settings, else on the file's. */
export const onTargets = (
  title: string,
  { env, concurrent = false }: SuiteOptions,
  body: (bench: Bench, check: Check) => void,
): void => {
  for (const target of targets) {
    if (env !== undefined && !target.settable) {
      leaveOut(target, title, NOT_OURS);
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
      let checks = 0;
      body(bench, (name, run, ms) => {
        if (!applies(name, target.kind)) return;
        checks += 1;
        (concurrent ? test.concurrent : test)(name, run, patienceFor(target, ms));
      });
      if (checks === 0) leaveOut(target, title, DIFFERENT);
    });
  }
};

type StartingSuite = (target: Target, check: Check) => void;

const onThose = (title: string, reasonAgainst: (target: Target) => string | undefined, body: StartingSuite): void => {
  for (const target of targets) {
    const against = reasonAgainst(target);
    if (against !== undefined) {
      leaveOut(target, title, against);
      continue;
    }
    describe(`${target.name}: ${title}`, () => {
      let checks = 0;
      body(target, (name, run, ms) => {
        if (!applies(name, target.kind)) return;
        checks += 1;
        test(name, run, patienceFor(target, ms));
      });
      if (checks === 0) leaveOut(target, title, DIFFERENT);
    });
  }
};

/** Runs checks that start servers themselves, on every target that can be started. */
export const onStartable = (title: string, body: StartingSuite): void =>
  onThose(title, ({ settable }) => (settable ? undefined : NOT_OURS), body);

/** The same, on those alone that store in a data folder of their own. */
export const onEmbedded = (title: string, body: StartingSuite): void =>
  onThose(title, ({ settable, isEmbedded }) => (settable ? (isEmbedded ? undefined : NO_FOLDER) : NOT_OURS), body);
