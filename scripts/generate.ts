/** Writes all that is derived from the contracts; with `--check`, fails where a file on disk differs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { registries } from './generate-registry.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
let stale = 0;

const emit = (files: Record<string, string>): void => {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    let present: string | undefined;
    try {
      present = readFileSync(file, 'utf8');
    } catch {
      present = undefined;
    }
    if (present === content) continue;
    if (check) {
      console.error(`${path} differs from what its contracts say: run npm run generate`);
      stale += 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      console.log(`wrote ${path}`);
    }
  }
};

emit(registries(root));
process.exitCode = stale === 0 ? 0 : 1;
