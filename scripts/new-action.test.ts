/** CONTRIBUTING says that a new action is two files. Here they are put in place, and the action is called. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ran, served } from './testing/program.ts';
import { type Scratch, scratchCopy } from './testing/scratch.ts';

const EXAMPLE = join(import.meta.dirname, '../docs/examples/new-action');
const CONTRACT = 'packages/protocol/src/actions/who-am-i.ts';
const HANDLER = 'packages/core/src/actions/who-am-i.ts';

let scratch: Scratch;
beforeAll(() => {
  scratch = scratchCopy();
});
afterAll(() => scratch.remove());

const node = (...args: readonly string[]): [string, readonly string[]] => [
  process.execPath,
  ['--conditions=@aideals/source', '--import', 'tsx', ...args],
];
const generate = () => ran(scratch.root, ...node('scripts/generate.ts'));
const types = () => ran(scratch.root, process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/core']);

/** Sends one frame and resolves with the answer to it. */
const asked = async (url: string, token: string, frame: { requestId: string }): Promise<unknown> => {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { Authorization: `Bearer ${token}` } });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => socket.send(JSON.stringify(frame)));
      socket.on('message', (bytes) => {
        const answer = JSON.parse(String(bytes)) as { requestId?: string };
        if (answer.requestId === frame.requestId) resolve(answer);
      });
    });
  } finally {
    socket.terminate();
  }
};

test('a contract without a handler does not compile, and the compiler names it', async () => {
  cpSync(join(EXAMPLE, 'contract.ts'), scratch.path(CONTRACT));
  expect(await generate()).toMatchObject({ code: 0 });
  const { code, output } = await types();
  expect(output).toMatch(/'whoAmI' is missing/u);
  expect(code).not.toBe(0);
}, 60_000);

test('with its handler it compiles, is documented, typed and served', async () => {
  cpSync(join(EXAMPLE, 'handler.ts'), scratch.path(HANDLER));
  expect(await generate()).toMatchObject({ code: 0 });
  expect(await types()).toMatchObject({ code: 0, output: '' });
  expect(readFileSync(scratch.path('docs/actions.md'), 'utf8')).toContain('## whoAmI');
  expect(readFileSync(scratch.path('packages/client/src/generated/wire.ts'), 'utf8')).toContain('whoAmI: {');

  const env = { JWT_SECRET: 'a-secret-of-thirty-two-bytes-or-more', AIDEALS_DATA_DIR: scratch.path('data') };
  const main = 'packages/cli/src/main.ts';
  const [server, token] = await Promise.all([
    served(scratch.root, ...node(main, 'serve'), { ...env, PORT: '0' }),
    ran(scratch.root, ...node(main, 'token', '--sub', 'alice'), env),
  ]);
  try {
    const frame = { action: 'whoAmI', data: { scope: 'publish' }, requestId: 'who-1' };
    expect(await asked(server.url, token.output.trim(), frame)).toMatchObject({
      type: 'identity',
      data: { userId: 'alice', granted: false },
      requestId: 'who-1',
    });
  } finally {
    await server.stop();
  }
}, 60_000);
