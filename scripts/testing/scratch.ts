/** A copy of the repository that a test may change. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What is in the working tree and not ignored, whether it is committed or not. */
const listed = (): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));

/** Every installed package by a link, but our own, which are the copies. */
const link = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '@aideals') continue;
    symlinkSync(join(from, name), join(to, name));
  }
};

export interface Scratch {
  readonly root: string;
  path(file: string): string;
  remove(): void;
}

export const scratchCopy = (): Scratch => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-scratch-'));
  for (const file of listed()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  link(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'node_modules/@aideals'));
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(`../../packages/${name}`, join(folder, 'node_modules/@aideals', name));
    const own = join(root, 'packages', name, 'node_modules');
    if (existsSync(own)) link(own, join(folder, 'packages', name, 'node_modules'));
  }
  return {
    root: folder,
    path: (file) => join(folder, file),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
