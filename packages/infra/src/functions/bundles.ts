import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from './names.js';

/** Where `npm run bundle -w @aideals/lambda` puts them. */
export const BUNDLES = fileURLToPath(new URL('../../../lambda/dist/bundles', import.meta.url));

/** The code of a function: a directory with one file, `index.mjs`. */
export const codeOf = (bundles: string, name: FunctionName): Code => {
  const directory = join(bundles, name);
  if (!existsSync(join(directory, 'index.mjs'))) {
    throw new Error(`${name} has no bundle in ${bundles}; run npm run bundle -w @aideals/lambda`);
  }
  // By the bundle itself: the same sources make the same template, wherever they are.
  return Code.fromAsset(directory, { assetHashType: AssetHashType.SOURCE });
};
