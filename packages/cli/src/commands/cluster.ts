import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalCluster } from '@aideals/local-cluster';
import { type Command, InvalidArgumentError } from 'commander';
import type { Environment } from '../cluster/settings.js';
import { signToken } from '../credentials/signing.js';
import { messageOf, UserError } from '../user-error.js';

interface Options {
  nodes: number;
  port: number;
  restart?: true;
}

const MOST_NODES = 16;
const MOST_PORT = 65_535;
const PAGE_SECONDS = 12 * 3_600;

/** As a shell tells a process that a signal ended. */
const EXIT = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const count = /^[0-9]+$/u.test(text) ? Number(text) : Number.NaN;
    if (count >= min && count <= max) return count;
    throw new InvalidArgumentError(`give a whole number from ${min} to ${max}.`);
  };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What the first of its nodes said, where one said why it cannot start. */
const reasonOf = (error: unknown): string => {
  const message = messageOf(error);
  return /^aideals: (.+)$/mu.exec(message)?.[1] ?? message;
};

/** For the page's link; undefined where tokens are an identity provider's. */
const visitorToken = async (settings: Environment): Promise<string | undefined> => {
  if (/^(?!HS)/u.test(settings['JWT_ALGORITHM'] ?? 'HS256')) return undefined;
  const { signingKey } = await import('../credentials/signing-key.js');
  const key = signingKey(settings, 'leave JWT_ALGORITHM out');
  return signToken(key, { sub: 'visitor', scopes: [], expiresInSeconds: PAGE_SECONDS });
};

const introduce = (cluster: LocalCluster, secret: string | undefined, token: string | undefined): void => {
  const { redis, dynamo } = cluster.services;
  const row = (name: string, pid: number, where: string): void => say(`  ${name.padEnd(12)} process ${pid}, ${where}`);
  for (const { name, pid, url } of cluster.nodes) row(name, pid, url);
  row('redis-server', redis.pid, `127.0.0.1:${redis.port}`);
  row('dynalite', dynamo.pid, dynamo.endpoint);
  say(`
aideals is ready at ${cluster.url}

  the page     ${cluster.url}/${token === undefined ? '' : `#token=${token}`}
  publishing   export JWT_SECRET=${secret}
               npx aideals publish --url ${cluster.url} deals.jsonl
  from Redis   redis-cli -p ${redis.port} PUBLISH aideals:new-deals '{"type":"dealUpdate","data":{"title":"A deal"}}'
  a node dies  kill -9 ${cluster.nodes[0]?.pid}

Ctrl-C ends it all.`);
};

const run = async ({ nodes, port, restart }: Options): Promise<void> => {
  const [{ LocalCluster: Cluster }, { nodeSettings }, { ClusterWatch }] = await Promise.all([
    import('@aideals/local-cluster'),
    import('../cluster/settings.js'),
    import('../cluster/watch.js'),
  ]);
  const settings = nodeSettings(process.env);
  const token = await visitorToken(settings);
  const folder = mkdtempSync(join(tmpdir(), 'aideals-cluster-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const watch = new ClusterWatch(say, restart === true);
  // From here on, so that a signal during the start is not lost.
  const asked = new Promise<void>((resolve) => {
    let times = 0;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        times += 1;
        if (times > 1) process.exit(EXIT[signal]);
        watch.over();
        resolve();
      });
    }
  });
  say(`Starting ${nodes} nodes, a redis-server, a DynamoDB in memory and a load balancer …`);
  const starting = Cluster.start({
    nodes,
    port,
    folder,
    env: settings,
    say,
    onLine: (node, line, stream) => {
      if (stream === 'stderr') process.stderr.write(`${node} | ${line}\n`);
    },
    onExit: (node, { code, signal }) => watch.ended(node, signal ?? `exit code ${code}`),
    onChange: (node, isIn) => say(`the load balancer ${isIn ? 'sends connections to' : 'passes over'} ${node}`),
  });
  const cluster = await Promise.race([starting, asked]).catch((error: unknown) => {
    throw new UserError(reasonOf(error));
  });
  // Asked to end before it was up: what was started ends with this process.
  if (cluster === undefined) process.exit(EXIT.SIGINT);
  watch.begun(cluster);
  introduce(cluster, settings['JWT_SECRET'], token);
  await asked;
  say('Ending …');
  await cluster.stop({ drain: true });
};

export const addCluster = (program: Command): void => {
  program
    .command('cluster')
    .description('try several nodes on this machine, with Redis, DynamoDB and a load balancer of their own')
    .option('--nodes <n>', 'how many', wholeNumber(1, MOST_NODES), 3)
    .option('--port <port>', 'of the load balancer; 0 takes a free one', wholeNumber(0, MOST_PORT), 3001)
    .option('--restart', 'start a node again that has ended')
    .addHelpText(
      'after',
      `
All of it listens on 127.0.0.1 and keeps what it stores in a temporary folder, which goes when it ends: it is there to be
tried, and to be broken. The settings of \`aideals serve\` are passed on to each node, but for those that say where things
are. redis-server is installed from Debian's packages where it is missing and you are root.`,
    )
    .action(run);
};
