import { statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { aideals, clean, SECRET, serve, temporary } from '../testing/command-line.js';

afterEach(clean);

const token = (args: readonly string[], env: Record<string, string> = { JWT_SECRET: SECRET }) =>
  aideals(['token', ...args], env);

describe('aideals token', () => {
  it('prints a token and nothing else', async () => {
    const before = Math.floor(Date.now() / 1000);
    const args = ['--sub', 'alice', '--scope', 'publish admin', '--expires', '15m', '--room', 'team-*', 'help'];
    const { code, stdout, stderr } = await token(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/u);
    const { payload } = await jwtVerify(stdout.trim(), new TextEncoder().encode(SECRET));
    expect(payload).toMatchObject({ sub: 'alice', scope: 'publish admin', rooms: ['team-*', 'help'] });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(900);
    expect(payload.iat).toBeGreaterThanOrEqual(before);
  });

  it('signs as the server verifies: algorithm, issuer, audience', async () => {
    const { stdout } = await token(['--sub', 'a'], {
      JWT_SECRET: SECRET,
      JWT_ALGORITHM: 'HS384',
      AIDEALS_JWT_ISSUER: 'https://id.example',
      AIDEALS_JWT_AUDIENCE: 'deals',
    });
    expect(decodeProtectedHeader(stdout.trim()).alg).toBe('HS384');
    expect(decodeJwt(stdout.trim())).toMatchObject({ iss: 'https://id.example', aud: 'deals' });
  });

  it.each([
    [[], /--sub/u],
    [['--sub', ''], /^aideals: --sub: must be 1 to 128 characters/u],
    [['--sub', 'a\nb'], /^aideals: --sub: /u],
    [['--sub', 'a', '--expires', 'soon'], /^aideals: --expires soon: give a time like/u],
    [['--sub', 'a', '--scoop', 'publish'], /--scoop.*--scope/su],
  ])('refuses %j with exit code 2', async (args, line) => {
    const { code, stdout, stderr } = await token(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/\n\s+at /u);
  });

  it('doubts a scope that looks like a slip, and prints the token all the same', async () => {
    const { code, stdout, stderr } = await token(['--sub', 'a', '--scope', 'publsh']);
    expect([code, stderr]).toEqual([0, 'aideals: the server knows no scope publsh; did you mean publish?\n']);
    expect(decodeJwt(stdout.trim())['scope']).toBe('publsh');
  });

  it('has nothing to sign with where an identity provider alone signs', async () => {
    const { code, stderr } = await token(['--sub', 'a'], {
      JWT_ALGORITHM: 'RS256',
      AIDEALS_JWKS_URL: 'https://id.example/jwks.json',
    });
    expect([code, stderr]).toEqual([
      1,
      'aideals: JWT_ALGORITHM: RS256 is signed by the identity provider alone; ask it for a token\n',
    ]);
  });
});

describe('the development secret', () => {
  it('is shared by token and serve, whichever comes first, and readable by its owner alone', async () => {
    const dataDir = join(temporary(), 'data');
    const env = { AIDEALS_DATA_DIR: dataDir, JWT_SECRET: '' };
    const early = (await token(['--sub', 'a', '--scope', 'admin'], env)).stdout.trim();
    expect(statSync(join(dataDir, 'dev-secret')).mode & 0o777).toBe(0o600);
    const server = await serve(env);
    const late = (await token(['--sub', 'a', '--scope', 'admin'], env)).stdout.trim();
    for (const bearer of [early, late]) {
      const response = await fetch(`${server.url}/v1/connections?userId=a`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
      expect(response.status).toBe(200);
    }
  });

  it('is refused in production', async () => {
    const { code, stdout, stderr } = await token(['--sub', 'a'], {
      NODE_ENV: 'production',
      AIDEALS_DATA_DIR: temporary(),
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^aideals: JWT_SECRET: .*production/u);
  });
});
