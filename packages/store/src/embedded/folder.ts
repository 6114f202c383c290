import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The format of the data folder that this version writes, and the newest one that it reads. */
export const FORMAT = 1;

const FORMAT_FILE = 'FORMAT';
const MARK = 'aideals-store';

/** The data folder cannot be used. The message is one line that names the folder, the reason and the fix. */
export class DataFolderError extends Error {
  constructor(folder: string, reason: string, fix: string, cause?: unknown) {
    super(`the data folder ${folder} ${reason}: ${fix}`, { cause });
    this.name = 'DataFolderError';
  }
}

const ELSEWHERE = 'or choose another folder with AIDEALS_DATA_DIR';

const reasons: Readonly<Record<string, readonly [reason: string, fix: string]>> = {
  EACCES: ['may not be written by this user', `give the user the right to write there, ${ELSEWHERE}`],
  EPERM: ['may not be written by this user', `give the user the right to write there, ${ELSEWHERE}`],
  EROFS: ['lies on a read-only file system', `mount it for writing, ${ELSEWHERE}`],
  EEXIST: ['is a file', `move the file away, ${ELSEWHERE}`],
  ENOTDIR: ['is a file, or lies under one', `move the file away, ${ELSEWHERE}`],
  ENOSPC: ['lies on a disk that is full', `free some space, ${ELSEWHERE}`],
  EDQUOT: ['is over the quota of this user', `free some space, ${ELSEWHERE}`],
  ENAMETOOLONG: ['has a name that is too long', 'choose a shorter one with AIDEALS_DATA_DIR'],
};

/** A failure of the file system, told as what to do about it. */
export const folderError = (folder: string, error: unknown): DataFolderError => {
  if (error instanceof DataFolderError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const known = reasons[code ?? ''];
  if (known !== undefined) return new DataFolderError(folder, known[0], known[1], error);
  const line = String(message).replaceAll(/\s+/g, ' ');
  return new DataFolderError(folder, `cannot be opened (${line})`, `restore it from a backup, ${ELSEWHERE}`, error);
};

const writeFormat = (folder: string): void => {
  const fresh = join(folder, `${FORMAT_FILE}.${randomBytes(4).toString('hex')}`);
  const file = openSync(fresh, 'w');
  writeFileSync(file, `${MARK} ${FORMAT}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(fresh, join(folder, FORMAT_FILE));
};

const checkFormat = (folder: string): void => {
  const file = join(folder, FORMAT_FILE);
  if (!existsSync(file)) {
    if (existsSync(join(folder, 'data.mdb'))) {
      throw new DataFolderError(
        folder,
        'holds data without a FORMAT file',
        `restore it from a whole backup, ${ELSEWHERE}`,
      );
    }
    writeFormat(folder);
    return;
  }
  const [, version] = new RegExp(`^${MARK} ([1-9][0-9]{0,8})\\s*$`).exec(readFileSync(file, 'utf8')) ?? [];
  if (version === undefined) {
    throw new DataFolderError(
      folder,
      'has a FORMAT file that is not one of this store',
      `move the folder away, ${ELSEWHERE}`,
    );
  }
  if (Number(version) > FORMAT) {
    throw new DataFolderError(
      folder,
      `has format ${version}, and this version reads formats up to ${FORMAT}`,
      `start the newer version that wrote it, ${ELSEWHERE}`,
    );
  }
};

/** Makes the data folder where there is none, and checks that it can be written and read by this version. */
export const prepareFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true });
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    checkFormat(folder);
  } catch (error) {
    throw folderError(folder, error);
  }
};
