import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { messageOf, UserError, wrongUse } from '../user-error.js';

interface Options {
  port?: string;
  host?: string;
  dataDir?: string;
}

/** The folder of the console's page, where it is built. */
const findPage = async (): Promise<string | undefined> => {
  const { existsSync } = await import('node:fs');
  try {
    const page = fileURLToPath(import.meta.resolve('@aideals/console/index.html'));
    return existsSync(page) ? dirname(page) : undefined;
  } catch {
    return undefined;
  }
};

const advice: Readonly<Record<string, (address: string, port: number) => string>> = {
  EADDRINUSE: (address, port) => `PORT: ${port} is taken on ${address}; end what listens there, or choose another`,
  EACCES: (_, port) => `PORT: this user may not listen on ${port}; choose one above 1023`,
  EADDRNOTAVAIL: (address) => `HOST: ${address} is no address of this machine`,
  ENOTFOUND: (address) => `HOST: ${address} is unknown`,
};

/** What keeps a server from starting, in one line. */
const startError = (error: unknown, host: string, port: number): UserError => {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const isListening = syscall === 'listen' || syscall === 'getaddrinfo';
  const say = isListening && code !== undefined ? advice[code] : undefined;
  return new UserError(say ? say(host, port) : messageOf(error));
};

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const SIGNAL_EXIT = { SIGTERM: 143, SIGINT: 130 } as const;

const run = async (options: Options): Promise<void> => {
  const { createServer, parseConfig } = await import('@aideals/server');
  const env = {
    ...process.env,
    ...(options.port === undefined ? {} : { PORT: options.port }),
    ...(options.host === undefined ? {} : { HOST: options.host }),
    ...(options.dataDir === undefined ? {} : { AIDEALS_DATA_DIR: options.dataDir }),
  };
  const parsed = parseConfig(env);
  if (!parsed.ok) {
    const [first = 'the settings are wrong', ...others] = parsed.problems;
    throw wrongUse(others.length === 0 ? first : `${first} (and ${others.length} more: see aideals check-config)`);
  }
  const { config, warnings } = parsed;
  const pageDir = await findPage();
  const server = createServer(config, pageDir === undefined ? {} : { pageDir });
  try {
    await server.start();
  } catch (error) {
    throw startError(error, config.host, config.port);
  }
  process.stdout.write(`aideals is ready at ${server.url}\n`);
  void warnings;
  const signal = await new Promise<(typeof SIGNALS)[number]>((resolve) => {
    for (const name of SIGNALS) {
      let seen = false;
      process.on(name, () => {
        if (seen) process.exit(SIGNAL_EXIT[name]);
        seen = true;
        resolve(name);
      });
    }
  });
  void signal;
  await server.stop();
};

export const addServe = (program: Command): void => {
  program;
  void run;
};
