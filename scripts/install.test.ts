import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { install, installedScope, oldNode } from './install.mjs';

let root: string;

const json = (path: string, content: object): void => writeFileSync(join(root, path), JSON.stringify(content));
const lock = {
  packages: {
    '': {},
    'packages/a': {},
    'node_modules/b': { version: '1.0.0' },
    'node_modules/c': { version: '2.0.0', optional: true },
  },
};
const digest = (): string => createHash('sha256').update(JSON.stringify(lock)).digest('hex');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'aideals-install-'));
  json('package-lock.json', lock);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a Node that is too old is told of in one line', () => {
  expect(oldNode('20.19.0')).toBeUndefined();
  expect(oldNode('24.1.0')).toBeUndefined();
  expect(oldNode('20.18.3')).toBe('Node 20.19 or newer is needed; this is 20.18.3.');
  expect(oldNode('18.20.8')).toMatch(/^Node 20\.19 or newer/u);
});

test('nothing is installed in a fresh clone', () => {
  expect(installedScope(root)).toBeUndefined();
});

test('what was installed is known by its stamp, as long as the lock file is the same', () => {
  mkdirSync(join(root, 'node_modules'));
  json('node_modules/.aideals-install.json', { lock: digest(), scope: 'demo' });
  expect(installedScope(root)).toBe('demo');
  json('package-lock.json', { packages: { 'node_modules/d': { version: '1.0.0' } } });
  expect(installedScope(root)).toBeUndefined();
});

test('an install by hand is known by what npm noted', () => {
  mkdirSync(join(root, 'node_modules'));
  json('node_modules/.package-lock.json', { packages: { 'node_modules/b': { version: '1.0.0' } } });
  expect(installedScope(root)).toBe('full');
  json('node_modules/.package-lock.json', { packages: { 'node_modules/b': { version: '0.9.0' } } });
  expect(installedScope(root)).toBeUndefined();
});

test('a full install serves the demo: npm is not asked', async () => {
  mkdirSync(join(root, 'node_modules'));
  json('node_modules/.aideals-install.json', { lock: digest(), scope: 'full' });
  const said: string[] = [];
  await install({ scope: 'demo', root, say: (line) => said.push(line) });
  expect(said).toEqual([]);
  expect(installedScope(root)).toBe('full');
});
