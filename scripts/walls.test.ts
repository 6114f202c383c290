import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** What the program wrote, whether it is content or not. */
const output = async (program: string, args: string[], cwd: string): Promise<{ stdout: string; stderr: string }> =>
  run(join(root, 'node_modules/.bin', program), args, { cwd, maxBuffer: 1 << 24 }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );

/** A file with a wrong import, and the rule that refuses it. */
const planted: readonly [file: string, line: string, rule: string][] = [
  ['packages/protocol/src/a.ts', "import '@aideals/core';", 'protocol-uses-only-itself'],
  ['packages/core/src/a.ts', "import '@aideals/store';", 'core-uses-only-protocol'],
  ['packages/store/src/a.ts', "import '@aideals/server';", 'store-uses-only-core-protocol'],
  ['packages/server/src/a.ts', "import '@aideals/client';", 'server-uses-only-core-protocol-store-bus-aws-api'],
  ['packages/lambda/src/a.ts', "import '@aideals/server';", 'lambda-uses-only-core-protocol-store-bus'],
  ['packages/client/src/a.ts', "import '@aideals/protocol';", 'client-uses-only-itself'],
  ['packages/console/src/a.ts', "import '@aideals/protocol';", 'console-uses-only-client'],
  [
    'packages/conformance/src/a.ts',
    "import '@aideals/server';",
    'conformance-uses-only-protocol-aws-api-local-cluster-local-gateway',
  ],
  [
    'packages/cli/src/a.ts',
    "import '@aideals/lambda';",
    'cli-uses-only-server-core-protocol-client-conformance-store-bus-console-local-cluster-local-gateway',
  ],
  ['packages/core/src/actions/a.ts', "import './b.js';", 'core-actions-stand-alone'],
  ['packages/core/src/features/a.ts', "import '../actions/b.js';", 'core-features-do-not-act'],
  ['packages/core/src/features/c.ts', "import './d.js';", 'core-features-do-not-meet'],
  ['packages/core/src/delivery/a.ts', "import '../features/d.js';", 'core-delivery-carries'],
  ['packages/core/src/match/a.ts', "import '../features/d.js';", 'core-rules-know-no-features'],
  ['packages/core/src/ports/a.ts', "import '../match/b.js';", 'core-ports-know-nothing'],
  ['packages/core/src/memory/a.ts', "import '../features/d.js';", 'core-memory-implements-ports'],
  ['packages/core/src/b.ts', "import './memory/b.js';", 'core-no-adapter-within'],
  ['packages/protocol/src/b.ts', "import './actions/b.js';", 'only-the-registry-knows-all'],
  ['packages/core/src/c.ts', "import 'node:fs';", 'runs-anywhere'],
  ['packages/client/src/c.ts', "import 'node:fs';", 'runs-anywhere'],
  ['packages/bus/src/b.ts', "import 'lmdb';", 'only-store-uses-lmdb'],
  ['packages/store/src/b.ts', "import './c.js';", 'no-circles'],
  ['packages/store/src/d.ts', "import './e.test.js';", 'no-tests-in-production'],
  ['packages/store/src/f.ts', "import './nowhere.js';", 'only-what-is-there'],
];

/** What the planted files need to be there. */
const scenery: Readonly<Record<string, string>> = {
  'packages/core/src/actions/b.ts': '',
  'packages/core/src/features/d.ts': '',
  'packages/core/src/match/b.ts': '',
  'packages/core/src/memory/b.ts': '',
  'packages/protocol/src/actions/b.ts': '',
  'packages/store/src/c.ts': "import './b.js';",
  'packages/store/src/e.test.ts': '',
  'node_modules/lmdb/package.json': '{"name":"lmdb","version":"1.0.0","main":"index.js"}',
  'node_modules/lmdb/index.js': '',
};

/** What the lint says where a file of core has this line; of a runtime's file it does not. */
const advised: readonly [line: string, advice: string][] = [
  ['export const time = Date.now();', 'Time comes from the Clock port'],
  ['export const chance = Math.random();', 'Chance comes from the Ids port'],
  ['setTimeout(() => undefined, 1);', 'ask the Schedule port'],
  ['export const settings = process.env;', 'Settings come in through Settings'],
  ["export { readFileSync } from 'node:fs';", 'This room runs anywhere'],
];

const scratch = mkdtempSync(join(tmpdir(), 'aideals-walls-'));

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), text);
};

beforeAll(() => {
  const config = ['tsconfig.base.json', 'tsconfig.test.json', '.dependency-cruiser.cjs', 'package.json', 'biome.json'];
  for (const file of config) cpSync(join(root, file), join(scratch, file));
  mkdirSync(join(scratch, 'node_modules/@aideals'), { recursive: true });
  for (const name of readdirSync(join(root, 'packages'))) {
    cpSync(join(root, 'packages', name, 'package.json'), join(scratch, 'packages', name, 'package.json'));
    write(`packages/${name}/src/index.ts`, 'export {};\n');
    symlinkSync(`../../packages/${name}`, join(scratch, 'node_modules/@aideals', name));
  }
  for (const [path, text] of Object.entries(scenery)) write(path, text);
  for (const [path, line] of planted) write(path, `${line}\n`);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the import rules', () => {
  const refused = new Map<string, string[]>();

  beforeAll(async () => {
    const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'packages'];
    const { summary } = JSON.parse((await output('depcruise', args, scratch)).stdout) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    for (const { from, rule } of summary.violations) refused.set(from, [...(refused.get(from) ?? []), rule.name]);
  });

  test.each(planted)('in %s, %s is refused by %s', (file, _, rule) => {
    expect(refused.get(file)).toContain(rule);
  });
});

describe('the lint', () => {
  const said = new Map<string, string>();

  beforeAll(async () => {
    for (const room of ['core', 'server']) {
      const folder = `packages/${room}/src/linted`;
      advised.forEach(([line], index) => {
        write(`${folder}/${index}.ts`, `${line}\n`);
      });
      const { stdout, stderr } = await output('biome', ['lint', '--vcs-enabled=false', folder], scratch);
      said.set(room, stdout + stderr);
    }
  });

  test.each(advised)('tells of %s: %s', (_, advice) => {
    expect(said.get('core')).toContain(advice);
    expect(said.get('server')).not.toContain(advice);
  });
});
