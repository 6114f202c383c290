import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Makes one file for each function: `<folder>/<function name>/index.mjs`, with all that it needs. The folder is `dist/bundles`,
 * or the one named by `--out`.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/functions');
const at = process.argv.indexOf('--out');
const bundles = at < 0 ? join(root, 'dist/bundles') : resolve(process.argv[at + 1] ?? '');
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

const { outputFiles } = await build({
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
  plugins: [oneLanguage],
  // Some of what is bundled is CommonJS, and asks for Node's modules in its own way.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  logLevel: 'warning',
  write: false,
});

let isTooLarge = false;
for (const { path, contents } of outputFiles.sort((a, b) => (a.path < b.path ? -1 : 1))) {
  mkdirSync(dirname(path), { recursive: true });
  // Whoever runs a bundle meanwhile reads the old one or the new one.
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
  const size = contents.byteLength;
  isTooLarge ||= size > MOST_BYTES;
  const remark = size > MOST_BYTES ? `: over ${MOST_BYTES / 1000} kB` : '';
  process.stdout.write(`${basename(dirname(path)).padEnd(34)} ${Math.ceil(size / 1000)} kB${remark}\n`);
}
if (isTooLarge) process.exitCode = 1;
