import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addBridge } from './commands/bridge.js';
import { addCheckConfig } from './commands/check-config.js';
import { addCluster } from './commands/cluster.js';
import { addDynamodb } from './commands/dynamodb.js';
import { addGateway } from './commands/gateway.js';
import { addPublish } from './commands/publish.js';
import { addServe } from './commands/serve.js';
import { addTail } from './commands/tail.js';
import { addToken } from './commands/token.js';
import { harmless } from './terminal-text.js';
import { messageOf, UserError } from './user-error.js';

const USAGE = 2;

/** As package.json beside this package's code has it. */
const version = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

/** The command with all its subcommands. */
const createProgram = (settings: string): Command => {
  const program = new Command('aideals')
    .description('The real-time layer of an AI deals system: serve it, publish to it, watch it.')
    .version(version())
    .showHelpAfterError('(add --help for what there is)')
    // Before the subcommands, which take it over.
    .exitOverride();
  addServe(program, settings);
  for (const add of [addToken, addPublish, addTail, addCheckConfig, addCluster, addGateway, addBridge, addDynamodb])
    add(program);
  return program;
};

const HELP: ReadonlySet<string> = new Set(['help', '-h', '--help']);

/** The table of settings, for the help of `serve`; what else is asked need not wait for the server to load. */
const settingsFor = async (args: readonly string[]): Promise<string> => {
  if (!args.includes('serve') || !args.some((arg) => HELP.has(arg))) return '';
  const { configurationHelp } = await import('@aideals/server');
  return configurationHelp();
};

const isNotBuilt = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND' && /@aideals/u.test(messageOf(error));

const tell = (error: unknown): void => {
  if (process.env['AIDEALS_LOG_LEVEL'] === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
    return;
  }
  const message = isNotBuilt(error)
    ? 'not built in full: run `npm run build` in the root of the project'
    : harmless(messageOf(error).replaceAll(/\s*\n\s*/gu, ' '));
  process.stderr.write(`aideals: ${message}\n`);
};

/** Runs one command line and sets the exit code: 0, 1 where it failed, 2 where an option or a setting is wrong. */
export const run = async (args: readonly string[]): Promise<void> => {
  try {
    await createProgram(await settingsFor(args)).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has written its line, or the help that was asked for.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    tell(error);
    process.exitCode = error instanceof UserError ? error.exitCode : 1;
  }
};
