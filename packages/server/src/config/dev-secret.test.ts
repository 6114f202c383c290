import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { developmentSecret } from './dev-secret.js';

describe('the development secret', () => {
  let parent: string;
  let dataDir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'aideals-dev-secret-'));
    dataDir = join(parent, 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('is made once, long enough for HS256, and the same for whoever asks next', () => {
    const secret = developmentSecret(dataDir);
    expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32);
    expect(developmentSecret(dataDir)).toBe(secret);
    expect(readdirSync(dataDir)).toEqual(['dev-secret']);
  });

  it('can be read by its owner alone', () => {
    developmentSecret(dataDir);
    expect(statSync(join(dataDir, 'dev-secret')).mode & 0o777).toBe(0o600);
  });

  it('refuses a file that holds none, and names it', () => {
    developmentSecret(dataDir);
    writeFileSync(join(dataDir, 'dev-secret'), '\n');
    expect(() => developmentSecret(dataDir)).toThrow(join(dataDir, 'dev-secret'));
    expect(readFileSync(join(dataDir, 'dev-secret'), 'utf8')).toBe('\n');
  });

  it('says why where the folder cannot be made', () => {
    writeFileSync(join(parent, 'a-file'), '');
    expect(() => developmentSecret(join(parent, 'a-file', 'data'))).toThrow(/ENOTDIR/u);
  });
});
