import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../served/data-folder.js';

/** A place for a data folder that can be made full, and have room again. */
export interface SmallDisk {
  readonly path: string;
  /** What the system is made to say, and how. */
  readonly cause: RegExp;
  readonly how: string;
  /**
   * Whether the server can see it coming. Where it cannot, the database library meets the end of the room by itself, which
   * may end the process.
   */
  readonly isForeseen: boolean;
  /** Leaves so many bytes free. */
  fill(pid: number, leave: number): void;
  /** `pid` is undefined where the server is down. */
  makeRoom(pid: number | undefined): void;
  remove(): void;
}

const SIZE = '32m';
const BLOCK = Buffer.alloc(4_096, 'x');

const run = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;

/** A file system of its own in memory, filled by a file beside the data: what a full disk is. Needs the right to mount. */
const mounted = (): SmallDisk | undefined => {
  const root = dataFolder();
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'aideals-faults', root.path)) {
    root.remove();
    return undefined;
  }
  const ballast = join(root.path, 'ballast');
  const path = join(root.path, 'data');
  mkdirSync(path);
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) isMounted = !run('umount', root.path);
  };
  process.once('exit', unmount);
  return {
    path,
    cause: /No space left on device/u,
    how: `a file system of ${SIZE}, filled by another file`,
    isForeseen: true,
    fill: (_, leave) => {
      const free = (): number => {
        const { bavail, bsize } = statfsSync(root.path);
        return bavail * bsize;
      };
      const file = openSync(ballast, 'a');
      while (free() > leave) writeSync(file, BLOCK);
      closeSync(file);
    },
    makeRoom: () => unlinkSync(ballast),
    remove: () => {
      unmount();
      process.removeListener('exit', unmount);
      root.remove();
    },
  };
};

/** Files of the server may not grow any more: where nothing may be mounted. */
const limited = (): SmallDisk => {
  const folder = dataFolder();
  const limit = (pid: number, bytes: string): void => {
    if (!run('prlimit', '--pid', String(pid), `--fsize=${bytes}:`)) throw new Error('prlimit does not work here');
  };
  return {
    path: folder.path,
    cause: /File too large/u,
    how: 'a limit on the size of files',
    isForeseen: false,
    fill: (pid) => limit(pid, String(statSync(join(folder.path, 'data.mdb')).size)),
    // A limit ends with the process that has it.
    makeRoom: (pid) => pid !== undefined && limit(pid, 'unlimited'),
    remove: () => rmSync(folder.path, { recursive: true, force: true }),
  };
};

export const smallDisk = (): SmallDisk => mounted() ?? limited();
