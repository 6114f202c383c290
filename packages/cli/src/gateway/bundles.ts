import { existsSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../user-error.js';

/** Where the functions of this project are bundled. */
export const ownBundles = fileURLToPath(new URL('../../../lambda/dist/bundles', import.meta.url));

const LOOK_MS = 300;

/** The module of each function. Throws with the command that makes them where one is not there. */
export const findBundles = (folder: string, names: readonly string[]): ReadonlyMap<string, string> => {
  const files = new Map(names.map((name) => [name, join(folder, name, 'index.mjs')]));
  const missing = [...files].find(([, file]) => !existsSync(file));
  if (missing === undefined) return files;
  throw new UserError(
    `${missing[1]} is missing: run "npm run bundle -w @aideals/lambda", or name a folder by --bundles`,
  );
};

/** Tells of each function whose module is another; the function that it gives ends that. */
export const watchBundles = (bundles: ReadonlyMap<string, string>, changed: (name: string) => void): (() => void) => {
  for (const [name, file] of bundles) {
    watchFile(file, { interval: LOOK_MS, persistent: false }, (now, before) => {
      // One that is gone is being made anew.
      if (now.mtimeMs !== before.mtimeMs && now.size > 0) changed(name);
    });
  }
  return () => {
    for (const file of bundles.values()) unwatchFile(file);
  };
};
