import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort, LocalDynamo, makeTables, tableSettings } from '@aideals/local-cluster';
import {
  type DisorderRates,
  deployedCors,
  deployedFunctions,
  deployedRoutes,
  functionNames,
  LocalGateway,
} from '@aideals/local-gateway';
import { http } from './http.js';
import type { Env, Server, ServerProcess, Target } from './target.js';

const BUNDLES = fileURLToPath(new URL('../../lambda/dist/bundles/', import.meta.url));
const SEED = Number(process.env['AIDEALS_CONFORMANCE_SEED'] ?? 1);
/** What two processors bear. */
const AT_ONCE = 6;

/** One DynamoDB for all deployments of this process, each on tables of its own. It ends with the process. */
let dynamo: Promise<LocalDynamo> | undefined;

interface Setup {
  readonly env: Env;
  readonly port: number;
  readonly secret: string;
  readonly apiKeys: { readonly publish: string; readonly admin: string };
  readonly lines: string[];
}

const setups = new WeakMap<Server, Setup>();

/** A kill or a stop of a deployment that has no process: all connections and instances end, and what is stored is there. */
const lifeOf = (gateway: LocalGateway, setup: Setup): ServerProcess => {
  let over: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    over = resolve;
  });
  return {
    port: setup.port,
    dataFolder: '',
    output: () => setup.lines.join('\n'),
    signal: () => void gateway.stop().then(() => over(0)),
    exited,
  };
};

const told = (gateway: LocalGateway): string =>
  gateway.breaches.map(({ functionName, what, stack }) => `${functionName} ${what}\n${stack}`).join('\n');

const launch = async (setup: Setup, disorder: Partial<DisorderRates>): Promise<Server> => {
  const { env, port, secret, apiKeys, lines } = setup;
  const gateway = await LocalGateway.start({
    functions: deployedFunctions(BUNDLES),
    cors: deployedCors(env['AIDEALS_ALLOWED_ORIGINS']),
    ...(env['STAGE'] === undefined ? {} : { stage: env['STAGE'] }),
    routes: deployedRoutes(),
    httpFunction: functionNames.http,
    sweepFunction: functionNames.sweep,
    ...{ env, port, disorder, seed: SEED, atOnce: AT_ONCE },
    // As a custom domain maps them to the stage.
    mappedPaths: ['/', '/ws'],
    reports: {
      line: (name, line) => void lines.push(`${name}: ${line}`),
      // The cause of what a check then finds.
      ended: (name, ms, ran) => {
        if (!('payload' in ran)) process.stderr.write(`${name}, after ${ms.toFixed(0)} ms: ${JSON.stringify(ran)}\n`);
      },
    },
  });
  const server: Server = {
    url: gateway.url,
    secret,
    apiKeys,
    call: (method, path, options) => http(gateway.url, method, path, options),
    stop: async () => {
      await gateway.settled();
      await gateway.stop();
      if (gateway.breaches.length > 0) throw new Error(`done after the answer:\n${told(gateway)}`);
    },
    process: lifeOf(gateway, setup),
  };
  setups.set(server, setup);
  return server;
};

const prepare = async (env: Env): Promise<Setup> => {
  if (!existsSync(BUNDLES)) throw new Error(`${BUNDLES} is missing: run "npm run bundle -w @aideals/lambda" first`);
  dynamo ??= LocalDynamo.start();
  const secret = randomBytes(32).toString('hex');
  const apiKeys = { publish: randomBytes(16).toString('hex'), admin: randomBytes(16).toString('hex') };
  const store = {
    ...tableSettings(`-${randomBytes(6).toString('hex')}`),
    AWS_ENDPOINT_URL_DYNAMODB: (await dynamo).endpoint,
  };
  await makeTables({ ...store, AWS_REGION: 'us-east-1' });
  return {
    env: {
      ...store,
      JWT_SECRET: secret,
      AIDEALS_API_KEYS: `publisher:${apiKeys.publish},operator:${apiKeys.admin}:publish+admin`,
      AIDEALS_RATE_LIMIT: 'off',
      ...env,
    },
    port: await freePort(),
    secret: env['JWT_SECRET'] ?? secret,
    apiKeys,
    lines: [],
  };
};

/** The bundles of the functions behind the local API Gateway, with a DynamoDB. `disorder` is what AWS does now and then. */
export const serverless = (name: string, disorder: Partial<DisorderRates>): Target => ({
  name,
  kind: 'serverless',
  nodes: 1,
  isEmbedded: false,
  settable: true,
  start: async (env = {}) => launch(await prepare(env), disorder),
  revive: (server) => {
    const setup = setups.get(server);
    if (setup === undefined) throw new Error('not a server of this target');
    return launch(setup, disorder);
  },
  fail: async () => {
    throw new Error('functions have no start that could fail');
  },
});
