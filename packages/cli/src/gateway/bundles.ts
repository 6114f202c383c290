import { existsSync, unwatchFile, watchFile } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deployedFunctions, type FunctionOptions } from '@aideals/local-gateway';
import { UserError } from '../user-error.js';

/** Where the functions of this project are bundled. */
export const ownBundles = fileURLToPath(new URL('../../../lambda/dist/bundles', import.meta.url));

const LOOK_MS = 300;

/** The functions in a folder. Throws with the command that makes them where one is not there. */
export const findBundles = (folder: string): readonly FunctionOptions[] => {
  const functions = deployedFunctions(folder);
  const missing = functions.find(({ file }) => !existsSync(file));
  if (missing === undefined) return functions;
  throw new UserError(
    `${missing.file} is missing: run "npm run bundle -w @aideals/lambda", or name a folder by --bundles`,
  );
};

/** Tells of each function whose module is another; the function that it gives ends that. */
export const watchBundles = (functions: readonly FunctionOptions[], changed: (name: string) => void): (() => void) => {
  for (const { name, file } of functions) {
    watchFile(file, { interval: LOOK_MS, persistent: false }, (now, before) => {
      // One that is gone is being made anew.
      if (now.mtimeMs !== before.mtimeMs && now.size > 0) changed(name);
    });
  }
  return () => {
    for (const { file } of functions) unwatchFile(file);
  };
};
