/** The README's commands do what it says, as they are printed; only the port is another. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const block = (name: string): string => {
  const found = new RegExp(`<!-- test: ${name} -->\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``, 'u').exec(readme)?.[1];
  if (found === undefined) throw new Error(`README.md has no block "${name}"`);
  return found;
};

let folder: string;
let env: Record<string, string>;
let started: ChildProcess[];

const start = (program: string, args: string[]): ChildProcess => {
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  started.push(child);
  return child;
};

/** Resolves with the first line that fits, or rejects with all lines where the program ends before. */
const line = (child: ChildProcess, fits: RegExp): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    const seen: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (text) => {
        seen.push(text);
        const match = fits.exec(text);
        if (match !== null) resolve(match);
      });
    }
    once(child, 'close').then(() => reject(new Error(`no line like ${fits}:\n${seen.join('\n')}`)), reject);
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-readme-'));
  env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', AIDEALS_DATA_DIR: folder, PORT: '0' };
  started = [];
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    const end = once(child, 'close');
    // The whole group: npx and bash stand between us and what they started.
    process.kill(-child.pid, 'SIGKILL');
    await end;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('serve, tail, publish and the client', async () => {
  expect(existsSync(join(root, 'packages/cli/dist/main.js')), 'run npm run build first').toBe(true);
  const server = start('bash', ['-c', block('serve')]);
  const [, port = ''] = await line(server, /ready at http:\S+?:(\d+)/u);
  env['PORT'] = port;
  const here = (text: string): string => text.replaceAll('localhost:3001', `localhost:${port}`);

  const tail = line(start('bash', ['-c', here(block('tail'))]), /Wireless headphones/u);
  const token = line(start('bash', ['-c', 'npx aideals token --sub alice']), /^(\S+\.\S+\.\S+)$/u);
  env['TOKEN'] = (await token)[1] ?? '';
  const client = line(
    start('node', ['--input-type=module', '-e', here(block('client'))]),
    /^Wireless headphones for 129$/u,
  );

  // Each publish tells how many were there to get it; both must have come by then.
  const reached = async (): Promise<boolean> => {
    const [, total] = await line(start('bash', ['-c', here(block('publish'))]), /"total":(\d+)/u);
    return total === '2';
  };
  while (!(await reached())) expect(server.exitCode).toBeNull();
  await Promise.all([tail, client]);
}, 60_000);
