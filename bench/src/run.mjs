#!/usr/bin/env node
// `npm run bench -- <name>`: every benchmark is a module beside this one, named here.
import { Command } from 'commander';
import * as durable from './durable.mjs';
import * as echo from './echo.mjs';
import * as resume from './resume.mjs';

const benches = { echo, durable, resume };

const program = new Command('bench').description(
  'Benchmarks; each ends by itself and writes bench/results/<name>.json.',
);

for (const [name, bench] of Object.entries(benches)) {
  const command = program.command(name).description(bench.description);
  for (const [flags, text, fallback] of bench.options) command.option(flags, text, fallback);
  command.action(async (options) => {
    process.exitCode = await bench.run(options);
  });
}

program.parseAsync().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
