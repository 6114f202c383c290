import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { DataFolderError, folderError } from './folder.js';
import type { Db, Env } from './writer.js';

const OWNER = Buffer.from('owner');
const SOCKET = /^owner-[0-9a-f]{16}\.sock$/;
/** A socket’s path is short on every system (107 bytes on Linux, 103 on macOS). */
const MAX_PATH_BYTES = 103;

/** Runs with a path of the socket that is short enough, however long that of the folder is. */
const withSocketPath = async <T>(folder: string, name: string, run: (path: string) => Promise<T>): Promise<T> => {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return run(path);
  if (process.platform !== 'linux') {
    throw new DataFolderError(
      folder,
      'has a path that is too long for a socket',
      'choose a shorter one with AIDEALS_DATA_DIR',
    );
  }
  const handle = openSync(folder, 'r');
  try {
    return await run(`/proc/self/fd/${handle}/${name}`);
  } finally {
    closeSync(handle);
  }
};

const listen = (path: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => resolve(server));
  });

/** Whether a process still listens there. Only a socket that is surely dead counts as that. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ENOTSOCK');
    });
  });

const inUse = (folder: string): DataFolderError =>
  new DataFolderError(
    folder,
    'is in use by another process',
    'stop that one, or choose another folder with AIDEALS_DATA_DIR',
  );

const sockets = (folder: string): string[] => readdirSync(folder).filter((name) => SOCKET.test(name));

/**
 * Refuses a folder that a living process owns or is about to. Asked before the database is opened: that keeps its readers
 * by process id, which is the same in many containers, and closing it again would take the owner’s place among them.
 */
export const refuseOwned = async (folder: string): Promise<void> => {
  for (const name of sockets(folder)) {
    if (await withSocketPath(folder, name, answers)) throw inUse(folder);
  }
};

/** The right to write a data folder. It ends with the process, however that ends. */
export interface Ownership {
  release(): void;
}

/**
 * Lets one process at a time own a data folder. Its name for itself is a socket in the folder on which it listens, and
 * which dies with it; the folder’s database names the present one. Who finds that one dead puts its own name there, if
 * the dead one’s still stands: the database lets one process at a time do that. It holds across containers that share a
 * folder, and leaves nothing stale behind a kill.
 */
export const takeOwnership = async (folder: string, env: Env, meta: Db): Promise<Ownership> => {
  const name = `owner-${randomBytes(8).toString('hex')}.sock`;
  const server = await withSocketPath(folder, name, listen).catch((error: unknown) => {
    throw folderError(folder, error);
  });
  const release = (): void => {
    server.close();
    rmSync(join(folder, name), { force: true });
  };
  try {
    for (;;) {
      env.resetReadTxn();
      const present = meta.get(OWNER);
      if (present !== undefined && (await withSocketPath(folder, present, answers))) {
        throw inUse(folder);
      }
      const taken = env.transactionSync(() => {
        if (meta.get(OWNER) !== present) return false;
        meta.putSync(OWNER, name);
        return true;
      });
      if (taken) break;
    }
  } catch (error) {
    release();
    throw error;
  }
  for (const other of sockets(folder)) {
    if (other !== name) rmSync(join(folder, other), { force: true });
  }
  return { release };
};
