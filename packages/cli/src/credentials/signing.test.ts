import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { signToken } from './signing.js';

const now = 1_764_039_600_500;
const verify = (token: string, secret: string) =>
  jwtVerify(token, new TextEncoder().encode(secret), { currentDate: new Date(now) });

describe('a signed token', () => {
  it('says who, from when and until when, and nothing that was not asked for', async () => {
    const token = await signToken(
      { secret: 'test-secret', algorithm: 'HS256' },
      { sub: 'alice', scopes: [], expiresInSeconds: 3600 },
      now,
    );
    const { payload } = await verify(token, 'test-secret');
    expect(payload).toEqual({ sub: 'alice', iat: 1_764_039_600, exp: 1_764_043_200 });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  it('carries scope, rooms, issuer and audience', async () => {
    const key = { secret: 's'.repeat(64), algorithm: 'HS512', issuer: 'https://id.example', audience: 'deals' };
    const token = await signToken(
      key,
      { sub: 'a', scopes: ['publish', 'admin'], rooms: ['team-*'], expiresInSeconds: 60 },
      now,
    );
    const { payload } = await verify(token, key.secret);
    expect(payload).toMatchObject({
      scope: 'publish admin',
      rooms: ['team-*'],
      iss: 'https://id.example',
      aud: 'deals',
    });
  });
});
