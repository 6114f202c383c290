#!/usr/bin/env node
// `npm run bench -- <name> [others...]`: every benchmark is a module beside this one, named here.
import { Argument, Command } from 'commander';
import * as cluster from './cluster.mjs';
import * as compressed from './compressed.mjs';
import * as connections from './connections.mjs';
import * as durable from './durable.mjs';
import * as echo from './echo.mjs';
import * as fanout from './fanout.mjs';
import * as flame from './flame.mjs';
import * as match from './match.mjs';
import * as pings from './pings.mjs';
import * as resume from './resume.mjs';
import * as serverless from './serverless.mjs';
import { summarise } from './summary.mjs';
import * as topics from './topics.mjs';

const benches = { echo, durable, resume, fanout, topics, pings, compressed, connections, match };
/** These need more than the others (a redis-server, the bundles of the functions), or draw a picture; they are run by their names alone. */
const apart = { cluster, serverless, flame };
const named = { ...benches, ...apart };

const program = new Command('bench').description(
  'Benchmarks; each ends by itself and writes bench/results/<name>.json. It exits with 1 where a target is not met.',
);

const defaultsOf = ({ options }) =>
  Object.fromEntries(options.map(([flags, , fallback]) => [/^--(\w+)/u.exec(flags)[1], fallback]));

for (const [name, bench] of Object.entries(named)) {
  const others = new Argument('[others...]', 'benchmarks to run after it, as they are by default');
  const command = program.command(name).description(bench.description).addArgument(others);
  for (const [flags, text, fallback] of bench.options) command.option(flags, text, fallback);
  command.action(async (names, options) => {
    const unknown = names.find((other) => !Object.hasOwn(named, other));
    if (unknown !== undefined)
      throw new Error(`there is no benchmark ${unknown}; there are ${Object.keys(named).join(', ')}`);
    process.exitCode = await bench.run(options);
    for (const other of names) {
      process.stdout.write('\n');
      process.exitCode = Math.max(process.exitCode, await named[other].run(defaultsOf(named[other])));
    }
  });
}

const everything = async () => {
  for (const [name, bench] of Object.entries(benches)) {
    process.stdout.write(`── ${name}\n\n`);
    process.exitCode = Math.max(process.exitCode ?? 0, await bench.run(defaultsOf(bench)));
    process.stdout.write('\n');
  }
  await summarise(Object.keys(benches));
};

program
  .command('all', { isDefault: true })
  .description('all of them, and the table and the chart of docs/performance.md from what they found')
  .action(everything);
program
  .command('summary')
  .description('the table and the chart again, from the results that are there')
  .action(() => summarise(Object.keys(benches)));

program.parseAsync().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
