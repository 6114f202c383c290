import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  builtCommand,
  Child,
  type Environment,
  freePort,
  LocalCluster,
  LocalDynamo,
  LocalRedis,
  makeTables,
  tableSettings,
} from '@aideals/local-cluster';
import { freshFolder } from './embedded.js';
import { http } from './http.js';
import type { Env, FailedStart, Server, ServerProcess, Target } from './target.js';

const NODES = 3;
const FAIL_MS = 20_000;

/** One DynamoDB for all deployments of this process, each on tables of its own. It ends with the process. */
let dynamo: Promise<LocalDynamo> | undefined;

const AWS_SETTINGS = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/** The DynamoDB that `AIDEALS_CONFORMANCE_DYNAMODB_URL` names, in place of the local one. */
const given = (): Environment | undefined => {
  const url = process.env['AIDEALS_CONFORMANCE_DYNAMODB_URL'];
  if (url === undefined) return undefined;
  const found = AWS_SETTINGS.map((name) => [name, process.env[name]] as const);
  return { AWS_ENDPOINT_URL_DYNAMODB: url, ...Object.fromEntries(found.filter(([, value]) => value !== undefined)) };
};

/** Tables for one deployment; those on a DynamoDB that was given are made once, and stay. */
const madeTables = async (endpoint: string): Promise<Environment> => {
  const there = given();
  const names = tableSettings(there === undefined ? `-${randomBytes(6).toString('hex')}` : '-conformance');
  await makeTables({ ...names, ...(there ?? { AWS_ENDPOINT_URL_DYNAMODB: endpoint }) });
  return names;
};

interface Setup {
  readonly cluster: LocalCluster;
  readonly redis: LocalRedis;
  readonly folder: string;
  readonly secret: string;
  readonly apiKeys: { readonly publish: string; readonly admin: string };
}

interface Settings {
  readonly env: Env;
  readonly secret: string;
  readonly apiKeys: Setup['apiKeys'];
}

const settingsWith = (env: Env): Settings => {
  const secret = randomBytes(32).toString('hex');
  const apiKeys = { publish: randomBytes(16).toString('hex'), admin: randomBytes(16).toString('hex') };
  return {
    env: {
      JWT_SECRET: secret,
      AIDEALS_API_KEYS: `publisher:${apiKeys.publish},operator:${apiKeys.admin}:publish+admin`,
      AIDEALS_RATE_LIMIT: 'off',
      ...env,
    },
    secret: env['JWT_SECRET'] ?? secret,
    apiKeys,
  };
};

const setups = new WeakMap<Server, Setup>();

/** SIGTERM stops Redis as well, after the nodes: the whole deployment goes. A kill is one of all nodes. */
const lifeOf = ({ cluster, redis, folder }: Setup): ServerProcess => {
  const { nodes } = cluster;
  let withRedis = false;
  const exited = (async (): Promise<number | null> => {
    const exits = await Promise.all(nodes.map((node) => node.exited));
    if (withRedis) await redis.stop();
    return exits.find(({ code }) => code !== 0)?.code ?? (exits.every(({ code }) => code === 0) ? 0 : null);
  })();
  return {
    port: cluster.balancer.port,
    dataFolder: join(folder, 'redis'),
    output: () => nodes.flatMap(({ log }) => log).join('\n'),
    signal: (name) => {
      withRedis = name === 'SIGTERM';
      for (const node of nodes) node.signal(name);
    },
    exited,
  };
};

const serverOf = (setup: Setup): Server => {
  const { cluster, redis, folder, secret, apiKeys } = setup;
  const server: Server = {
    url: cluster.url,
    secret,
    apiKeys,
    call: (method, path, options) => http(cluster.url, method, path, options),
    stop: async () => {
      await cluster.stop();
      await redis.kill();
      rmSync(folder, { recursive: true, force: true });
    },
    process: lifeOf(setup),
  };
  setups.set(server, setup);
  return server;
};

const start = async (env: Env): Promise<Server> => {
  dynamo ??= LocalDynamo.start();
  const folder = freshFolder();
  const { env: settings, secret, apiKeys } = settingsWith(env);
  const shared = await dynamo;
  const [redis, tables] = await Promise.all([
    LocalRedis.start({ folder: join(folder, 'redis') }),
    madeTables(shared.endpoint),
  ]);
  const cluster = await LocalCluster.start({
    nodes: NODES,
    folder,
    env: { ...given(), ...settings },
    services: { redis, dynamo: shared, stop: async () => undefined },
    tables,
  }).catch(async (error: unknown) => {
    await redis.kill();
    throw error;
  });
  return serverOf({ cluster, redis, folder, secret, apiKeys });
};

const revive = async (server: Server): Promise<Server> => {
  const setup = setups.get(server);
  if (setup === undefined) throw new Error('not a server of this target');
  const { cluster, redis } = setup;
  if (!redis.isRunning) await redis.start();
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await cluster.balancer.look();
  return serverOf(setup);
};

/** What a node finds that is to fail for other reasons than theirs. */
const sound = async (): Promise<Environment> => {
  dynamo ??= LocalDynamo.start();
  const { endpoint } = await dynamo;
  const [redis, tables] = await Promise.all([
    LocalRedis.start({ folder: freshFolder(), args: ['--appendonly', 'no'] }),
    madeTables(endpoint),
  ]);
  const place = { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_REGION: 'us-east-1', ...given() };
  return { ...tables, ...place, REDIS_HOST: redis.host, REDIS_PORT: String(redis.port) };
};

let services: Promise<Environment> | undefined;

/** One node. */
const fail = async (env: Env): Promise<FailedStart> => {
  services ??= sound();
  const settings: Environment = {
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    ...(await services),
    ...settingsWith(env).env,
  };
  const child = new Child({ name: 'a node', command: [...builtCommand(), 'serve'], env: settings });
  const timer = setTimeout(() => void child.kill(), FAIL_MS);
  const { code } = await child.exited;
  clearTimeout(timer);
  return { code, output: child.lines.join('\n') };
};

/** Three nodes on a Redis and a DynamoDB behind a load balancer that knows no stickiness. */
export const cluster = (name: string): Target => ({
  name,
  kind: 'self-hosted',
  nodes: NODES,
  isEmbedded: false,
  settable: true,
  start: (env = {}) => start(env),
  revive,
  fail,
});
