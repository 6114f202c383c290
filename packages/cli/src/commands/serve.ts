import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '@aideals/server';
import type { Command } from 'commander';
import { messageOf, wrongUse } from '../user-error.js';

interface Options {
  port?: string;
  host?: string;
  dataDir?: string;
  workers?: string;
}

/** The folder of the console's page, where it is built; without it everything else is served all the same. */
const findPage = (): string | undefined => {
  try {
    const page = fileURLToPath(import.meta.resolve('@aideals/console/index.html'));
    return existsSync(page) ? dirname(page) : undefined;
  } catch {
    return undefined;
  }
};

const QUIET: ReadonlySet<string> = new Set(['silent', 'fatal', 'error', 'warn']);

/** A line of the log, which the server does not know to write: it is not told of a page that is not there. */
const logNoPage = (level: string): void => {
  if (QUIET.has(level)) return;
  const time = new Date().toISOString();
  process.stderr.write(`${JSON.stringify({ level: 30, time, msg: 'the page is not built: / is not served' })}\n`);
};

/** As a shell tells a process that a signal ended. */
const EXIT = { SIGTERM: 143, SIGINT: 130 } as const;

/** Resolves at the first signal that asks for an end; a second one, of whichever kind, ends the process at once. */
const asked = (): Promise<void> =>
  new Promise((resolve) => {
    let times = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        times++;
        if (times > 1) process.exit(EXIT[signal]);
        resolve();
      });
    }
  });

const overrides = (options: Options): Record<string, string> => ({
  ...(options.port === undefined ? {} : { PORT: options.port }),
  ...(options.host === undefined ? {} : { HOST: options.host }),
  ...(options.dataDir === undefined ? {} : { AIDEALS_DATA_DIR: options.dataDir }),
  ...(options.workers === undefined ? {} : { AIDEALS_WORKERS: options.workers }),
});

/** One of the processes that serve the connections of another one, which keeps the store and says when to stop. */
const runWorker = async (server: typeof import('@aideals/server'), config: Config, pageDir: string | undefined) => {
  const { createServer, OWNER_SOCKET, STOP, WORKER_NUMBER } = server;
  // A signal to the whole group is the owner's to act upon.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
  const stopped = new Promise<void>((resolve) => process.on('message', (message) => message === STOP && resolve()));
  const worker = {
    path: process.env[OWNER_SOCKET] ?? '',
    keepsHouse: process.env[WORKER_NUMBER] === '1',
    orphaned: () => process.exit(1),
  };
  const serving = createServer(config, { worker, ...(pageDir === undefined ? {} : { pageDir }) });
  try {
    await serving.start();
  } catch (error) {
    // The owner says it, once for all of them. A fault of ours has a stack besides.
    if (!(error instanceof server.StartError)) process.stderr.write(`${(error as Error).stack ?? error}\n`);
    const problem = messageOf(error);
    await new Promise<void>((told) => process.send?.({ problem }, undefined, undefined, () => told()));
    // Its channel to the owner would keep it alive, and the owner waiting for it.
    process.exit(1);
  }
  await stopped;
  await serving.stop();
  cluster.worker?.disconnect();
};

const run = async (options: Options): Promise<void> => {
  const library = await import('@aideals/server');
  const { createPrimary, createServer, parseConfig } = library;
  const parsed = parseConfig({ ...process.env, ...overrides(options) });
  if (!parsed.ok) {
    const [first = 'the settings are wrong', ...others] = parsed.problems;
    throw wrongUse(others.length === 0 ? first : `${first} (and ${others.length} more: see aideals check-config)`);
  }
  const pageDir = findPage();
  if (pageDir === undefined) logNoPage(parsed.config.logLevel);
  if (cluster.isWorker) return runWorker(library, parsed.config, pageDir);
  const create = parsed.config.workers > 0 ? createPrimary : createServer;
  const server = create(parsed.config, pageDir === undefined ? {} : { pageDir });
  // From here on, so that a signal during the start is not lost.
  const end = asked();
  await server.start();
  process.stdout.write(`aideals is ready at ${server.url}\n`);
  const failure = await Promise.race([end, server.failed ?? end]);
  await server.stop();
  if (failure !== undefined) throw failure;
};

/** `settings` is the table of the server's variables: loaded only for the help that shows it. */
export const addServe = (program: Command, settings: string): void => {
  program
    .command('serve')
    .description('run a server')
    .option('--port <port>', 'in place of PORT; 0 takes a free one')
    .option('--host <address>', 'in place of HOST')
    .option('--data-dir <folder>', 'in place of AIDEALS_DATA_DIR')
    .option('--workers <n>', 'in place of AIDEALS_WORKERS; auto is one for each core')
    .addHelpText(
      'after',
      `
It prints one line when it is ready, and logs to stderr. SIGTERM and SIGINT drain it: what is under way ends, and the
connections are told to come back. A second one ends it at once.

Settings, from the environment:

${settings}`,
    )
    .action(run);
};
