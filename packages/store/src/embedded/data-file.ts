import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolderError } from './folder.js';

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_BYTES = 168;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Where the fields of a meta page lie, in bytes from its beginning. */
const AT = { magic: 24, version: 28, pageSize: 48, roots: [88, 136], transaction: 152 } as const;

const damaged = (folder: string, how: string): DataFolderError =>
  new DataFolderError(
    folder,
    `is damaged (data.mdb ${how})`,
    'restore it from a backup, or move it away to begin an empty one',
  );

/**
 * Refuses a database file that is none, or was cut off before the root of its newest state. The database maps the file
 * into memory without a look at it, and would end the process.
 */
export const checkDataFile = (folder: string): void => {
  let file: number;
  try {
    file = openSync(join(folder, 'data.mdb'), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    // So does one begin that is new.
    if (size === 0) return;
    const meta = (offset: number): Buffer => {
      const bytes = Buffer.alloc(META_BYTES);
      if (readSync(file, bytes, 0, META_BYTES, offset) < META_BYTES) throw damaged(folder, 'ends too early');
      return bytes;
    };
    const first = meta(0);
    const known = first.readUInt32LE(AT.magic) === MAGIC && (first.readUInt32LE(AT.version) & 0xffff) === DATA_VERSION;
    const pageSize = first.readUInt32LE(AT.pageSize);
    if (!known || pageSize < 256 || pageSize > 65_536) throw damaged(folder, 'is not a database');
    const metas = [first, meta(pageSize / 2), meta(pageSize)];
    const newest = metas.reduce((a, b) =>
      b.readBigUInt64LE(AT.transaction) > a.readBigUInt64LE(AT.transaction) ? b : a,
    );
    for (const at of AT.roots) {
      const root = newest.readBigUInt64LE(at);
      if (root !== NO_PAGE && (root + 1n) * BigInt(pageSize) > BigInt(size)) throw damaged(folder, 'was cut off');
    }
  } finally {
    closeSync(file);
  }
};
