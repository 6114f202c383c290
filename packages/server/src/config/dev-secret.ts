import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'dev-secret';
const MIN_CHARACTERS = 32;

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * The secret that signs tokens on a developer's machine where none is configured: made at first use and kept in the data
 * folder (mode 600), so that a server and whoever prints a token for it agree. Never for production: the caller refuses
 * that. Throws the file system's own error where the folder cannot be written, and one that names the file where its
 * content is too short to be a secret.
 */
export const developmentSecret = (dataDir: string): string => {
  const file = join(dataDir, NAME);
  const kept = read(file) ?? make(dataDir, file);
  if (kept.length < MIN_CHARACTERS) {
    throw new Error(
      `${file} holds no secret of at least ${MIN_CHARACTERS} characters: delete it, and a new one is made`,
    );
  }
  return kept;
};

/** Written whole under another name and then linked, so that of two who start at once both end with the same secret. */
const make = (dataDir: string, file: string): string => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return read(file) ?? secret;
  } finally {
    rmSync(draft, { force: true });
  }
};
