import { spawnSync } from 'node:child_process';

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** Sees to it that a command is there, from Debian's packages where it is not. */
export const installed = (command, packages) => {
  if (has(command)) return;
  const run = (...args) => spawnSync('apt-get', args, { encoding: 'utf8' });
  run('update');
  const { status, stderr, error } = run('install', '-y', '--no-install-recommends', ...packages);
  if (status !== 0 || !has(command))
    throw new Error(
      `${command} is needed: install ${packages.join(' ')} (${(error?.message ?? stderr ?? '').trim().split('\n').at(-1)})`,
    );
};
