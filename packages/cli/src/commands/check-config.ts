import type { Command } from 'commander';

export const addCheckConfig = (program: Command): void => {
  program
    .command('check-config')
    .description('print the settings that `serve` would run with, secrets masked')
    .addHelpText('after', '\nExit code 2 and a line for each problem where one stops the start.')
    .action(async () => {
      const { describeConfig, parseConfig } = await import('@aideals/server');
      const parsed = parseConfig(process.env);
      if (!parsed.ok) {
        for (const problem of parsed.problems) process.stderr.write(`${problem}\n`);
        process.exitCode = 2;
        return;
      }
      process.stdout.write(`${describeConfig(parsed.config, process.env)}\n`);
      for (const warning of parsed.warnings) process.stderr.write(`warning: ${warning}\n`);
    });
};
