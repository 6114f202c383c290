import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const INSIDE = 'AIDEALS_FAULTS_NETWORK';
/** As on an Ethernet. The loopback’s own packets of 64 KiB make the kernel keep megabytes for each connection. */
const UP = 'ip link set lo mtu 1500 up && exec "$@"';
const APART = ['unshare', '--map-root-user', '--net', 'sh', '-c', UP, 'sh'];

/** Whether this process is, or can be started again, in a network of its own. */
const isPossible = (): boolean => {
  const [program = '', ...args] = APART;
  return spawnSync(program, [...args, 'true']).status === 0;
};

/**
 * Runs this program again in a network of its own whose packets are small; gives its exit code. Undefined where the
 * program is there already, or where that may not be had.
 */
export const inOwnNetwork = async (): Promise<number | undefined> => {
  if (process.env[INSIDE] !== undefined || !isPossible()) return undefined;
  const [program = '', ...args] = [...APART, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
};
