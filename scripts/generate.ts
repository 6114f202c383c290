/** Writes all that is derived from the contracts; with `--check`, fails where a file on disk differs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { registries } from './generate/registry.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
let stale = 0;

const presentText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const emit = (files: Readonly<Record<string, string>>): void => {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    if (presentText(file) === content) continue;
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
// The registries come first: what follows imports the contracts through them.
const { products } = await import('./generate/products.ts');
emit(await products());
process.exitCode = stale === 0 ? 0 : 1;
