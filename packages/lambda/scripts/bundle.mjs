import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Makes one file for each function: `dist/bundles/<function name>/index.mjs`, with all that it needs. */

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/functions');
const bundles = join(root, 'dist/bundles');
/** What Lambda reads at each cold start. */
const MOST_BYTES = 1_000_000;

const names = readdirSync(sources)
  .map((file) => basename(file, '.ts'))
  .filter((name) => name === 'broadcast' || name.startsWith('aideals-'));

/** Messages are in English: the other forty languages of zod's own are half of all bytes. */
const oneLanguage = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

rmSync(bundles, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, join(sources, `${name}.ts`)])),
  outdir: bundles,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // The ES modules of a package, which can be shaken; the sources of ours.
  mainFields: ['module', 'main'],
  conditions: ['@aideals/source', 'module'],
  legalComments: 'none',
  metafile: true,
  plugins: [oneLanguage],
  // Some of what is bundled is CommonJS, and asks for Node's modules in its own way.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  logLevel: 'warning',
});
if (process.argv.includes('--meta')) {
  mkdirSync(bundles, { recursive: true });
  writeFileSync(join(bundles, 'meta.json'), JSON.stringify(metafile));
}

let isTooLarge = false;
for (const name of names.sort()) {
  const { size } = statSync(join(bundles, name, 'index.mjs'));
  isTooLarge ||= size > MOST_BYTES;
  const remark = size > MOST_BYTES ? `: over ${MOST_BYTES / 1000} kB` : '';
  process.stdout.write(`${name.padEnd(34)} ${Math.ceil(size / 1000)} kB${remark}\n`);
}
if (isTooLarge) process.exitCode = 1;
