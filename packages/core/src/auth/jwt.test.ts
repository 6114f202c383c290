import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { createIssuer, createVerifier, type VerifierOptions } from './jwt.js';

const NOW = 1_764_039_600;
const clock = { now: () => NOW * 1000 };
const SECRET = 'a secret of at least thirty-two bytes';

const verifier = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({ algorithms: ['HS256'], secret: SECRET, clock, ...options });

const hs = (claims: object, secret = SECRET, header: object = {}): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

const good = { sub: 'alice', exp: NOW + 60 };

describe('a token', () => {
  it('that is good tells who, until when, and what is granted', async () => {
    const claims = { ...good, iat: NOW - 5, scope: 'publish admin', rooms: ['deals-*'], auth_time: NOW - 9 };
    expect(await verifier().verify(hs(claims))).toEqual({
      ok: true,
      claims: {
        sub: 'alice',
        exp: NOW + 60,
        iat: NOW - 5,
        authTime: NOW - 9,
        scopes: ['publish', 'admin'],
        rooms: ['deals-*'],
      },
    });
    expect(await verifier().verify(hs({ ...good, scope: ['publish'] }))).toMatchObject({
      claims: { scopes: ['publish'] },
    });
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['another secret', hs(good, 'another')],
    ['no sub', hs({ exp: NOW + 60 })],
    ['an empty sub', hs({ sub: '', exp: NOW + 60 })],
    ['a sub with control characters', hs({ sub: 'a\u0000b', exp: NOW + 60 })],
    ['a sub that poses as a room', hs({ sub: 'room:x', exp: NOW + 60 })],
    ['no exp', hs({ sub: 'alice' })],
    ['an exp that is no number', hs({ sub: 'alice', exp: 'soon' })],
    ['nbf in the future', hs({ ...good, nbf: NOW + 30 })],
    ['an unknown critical header', hs(good, SECRET, { crit: ['x'], x: 1 })],
    ['an algorithm that is not listed', hs(good, SECRET, { alg: 'HS512' })],
    ['no signature', new UnsecuredJWT({ sub: 'alice' }).setExpirationTime(NOW + 60).encode()],
  ])('with %s is bad', async (_, token) => {
    expect(await verifier().verify(token)).toMatchObject({ ok: false, problem: 'bad' });
  });

  it('that has expired says so', async () => {
    expect(await verifier().verify(hs({ sub: 'alice', exp: NOW - 1 }))).toMatchObject({
      ok: false,
      problem: 'expired',
    });
  });

  it('must be of the issuer and for the audience that are set', async () => {
    const strict = verifier({ issuer: 'idp', audience: 'deals' });
    expect(await strict.verify(hs({ ...good, iss: 'idp', aud: ['deals', 'x'] }))).toMatchObject({ ok: true });
    expect(await strict.verify(hs({ ...good, iss: 'idp' }))).toMatchObject({ ok: false });
    expect(await strict.verify(hs({ ...good, iss: 'other', aud: 'deals' }))).toMatchObject({ ok: false });
  });

  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['PS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('signed by %s is verified with a PEM, and with a key set', async (alg, { publicKey, privateKey }) => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const token = await new SignJWT({})
      .setProtectedHeader({ alg, kid: 'k' })
      .setSubject('alice')
      .setExpirationTime(NOW + 60)
      .sign(privateKey);
    const byPem = createVerifier({ algorithms: ['HS256', alg], secret: SECRET, publicKeyPem: pem, clock });
    expect(await byPem.verify(token)).toMatchObject({ ok: true, claims: { sub: 'alice' } });
    expect(await byPem.verify(hs(good, pem))).toMatchObject({ ok: false, problem: 'bad' });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg }] };
    const byUrl = createVerifier({
      algorithms: [alg],
      jwksUrl: 'https://idp.example/jwks',
      clock,
      fetch: async () => Response.json(jwks),
    });
    expect(await byUrl.verify(token)).toMatchObject({ ok: true });
  });

  it('signed by a key that was rotated in is verified without a restart', async () => {
    vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
    const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [old, fresh] = [pair(), pair()];
    const key = async (publicKey: Parameters<typeof exportJWK>[0], kid: string) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: 'ES256',
    });
    let keys = [await key(old.publicKey, 'old')];
    const rotating = createVerifier({
      algorithms: ['ES256'],
      jwksUrl: 'https://idp.example/jwks',
      clock,
      fetch: async () => Response.json({ keys }),
    });
    const sign = (privateKey: Parameters<SignJWT['sign']>[0], kid: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid })
        .setSubject('alice')
        .setExpirationTime(NOW + 60)
        .sign(privateKey);
    expect(await rotating.verify(await sign(old.privateKey, 'old'))).toMatchObject({ ok: true });
    keys = [...keys, await key(fresh.publicKey, 'fresh')];
    // The set is asked for again at most each half minute, so that unknown keys cannot make the server flood its provider.
    vi.advanceTimersByTime(31_000);
    expect(await rotating.verify(await sign(fresh.privateKey, 'fresh'))).toMatchObject({ ok: true });
    vi.useRealTimers();
  });

  it('that cannot be verified for want of keys is not called bad', async () => {
    const down = createVerifier({
      algorithms: ['RS256'],
      jwksUrl: 'https://idp.example/jwks',
      clock,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setSubject('a')
      .setExpirationTime(NOW + 60)
      .sign(privateKey);
    expect(await down.verify(token)).toMatchObject({ ok: false, problem: 'unavailable' });
  });

  it('that is issued is good, and remembers the first sign-in', async () => {
    const issuer = createIssuer({ secret: SECRET, algorithm: 'HS512', issuer: 'us' });
    const token = await issuer.issue({
      sub: 'alice',
      scopes: ['publish'],
      iat: NOW,
      exp: NOW + 60,
      authTime: NOW - 100,
    });
    expect(await verifier({ algorithms: ['HS512'], issuer: 'us' }).verify(token)).toMatchObject({
      ok: true,
      claims: { sub: 'alice', authTime: NOW - 100, scopes: ['publish'] },
    });
  });
});
