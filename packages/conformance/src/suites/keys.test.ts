import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, expect } from 'vitest';
import { statusOf } from '../expectations.js';
import { Session } from '../session.js';
import { onStartable, onTargets } from '../suite.js';
import type { Server } from '../target.js';
import { nowSeconds, sign } from '../tokens.js';

onTargets('API keys', { env: {} }, (bench, check) => {
  const keys = () => {
    const found = bench.server.apiKeys;
    if (found === undefined) throw new Error('this target has no API keys');
    return found;
  };

  check('[AUTH-10] a key serves as Bearer and in X-Api-Key, with its scopes', async () => {
    const body = { topic: bench.topic(), data: {} };
    for (const key of [keys().publish, keys().admin]) {
      expect((await bench.call('POST', '/v1/broadcast', { token: key, body })).status).toBe(200);
      expect((await bench.call('POST', '/v1/broadcast', { headers: { 'x-api-key': key }, body })).status).toBe(200);
    }
    expect((await bench.call('GET', '/v1/connections?userId=a', { token: keys().publish })).status).toBe(403);
    expect((await bench.call('GET', '/v1/connections?userId=a', { token: keys().admin })).status).toBe(200);
    for (const key of ['wrong', `${keys().publish}x`, keys().publish.slice(0, -1), 'publisher']) {
      expect((await bench.call('POST', '/v1/broadcast', { headers: { 'x-api-key': key }, body })).status).toBe(401);
    }
  });

  check('[AUTH-10] a key opens no WebSocket', async () => {
    expect(await statusOf(bench, keys().admin)).toBe(401);
    expect((await bench.dial({ path: '/', headers: { 'X-Api-Key': keys().admin } })).head.status).toBe(401);
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

onTargets(
  'A public key beside a secret',
  { env: { JWT_ALGORITHM: 'RS256,PS256,HS256', AIDEALS_JWT_PUBLIC_KEY: pem } },
  (bench, check) => {
    const signed = (alg: string, sub: string) =>
      new SignJWT({}).setProtectedHeader({ alg }).setSubject(sub).setExpirationTime('1h').sign(rsa.privateKey);

    check('[AUTH-3][AUTH-8] each algorithm works with the key of its own kind', async () => {
      expect(await statusOf(bench, await signed('RS256', bench.user()))).toBe(101);
      expect(await statusOf(bench, await signed('PS256', bench.user()))).toBe(101);
      expect(await statusOf(bench, await signed('RS512', bench.user()))).toBe(401);
      expect(await statusOf(bench, bench.token(bench.user()))).toBe(101);
    });

    check('[AUTH-3] an HMAC made with the public key is refused', async () => {
      const claims = { sub: bench.user(), exp: nowSeconds() + 3600 };
      const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
      const jwk = JSON.stringify(rsa.publicKey.export({ format: 'jwk' }));
      for (const secret of [pem, pem.trim(), pem.replaceAll('\n', ''), der, jwk]) {
        expect(await statusOf(bench, sign(secret, claims))).toBe(401);
      }
      const text = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      const forged = `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
      expect(await statusOf(bench, forged)).toBe(401);
    });
  },
);

onTargets(
  'A public key alone',
  { env: { JWT_ALGORITHM: 'RS256', AIDEALS_JWT_PUBLIC_KEY: pem, JWT_SECRET: undefined } },
  (bench, check) => {
    check('[AUTH-3] without a secret no HMAC is accepted, least of all one made with the public key', async () => {
      const claims = { sub: bench.user(), exp: nowSeconds() + 3600 };
      for (const secret of [pem, pem.trim(), '']) expect(await statusOf(bench, sign(secret, claims))).toBe(401);
    });
  },
);

onStartable('A key set', (target, check) => {
  let keySet: HttpServer | undefined;
  let server: Server | undefined;
  afterAll(async () => {
    await server?.stop();
    keySet?.close();
  });

  check('[AUTH-8] keys of a JWKS URL are chosen by kid', async () => {
    const pairs = {
      r: { alg: 'RS256', ...rsa },
      e: { alg: 'ES256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
      d: { alg: 'EdDSA', ...generateKeyPairSync('ed25519') },
    };
    const keys = await Promise.all(
      Object.entries(pairs).map(async ([kid, pair]) => ({ ...(await exportJWK(pair.publicKey)), kid, alg: pair.alg })),
    );
    const serving = createServer((_, answer) =>
      answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys })),
    );
    keySet = serving;
    await new Promise<void>((resolve) => serving.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(serving.address() as AddressInfo).port}/keys`;
    server = await target.start({
      JWT_ALGORITHM: 'RS256,ES256,EdDSA',
      AIDEALS_JWKS_URL: url,
      JWT_SECRET: undefined,
    });
    const signed = (pair: { alg: string; privateKey: typeof rsa.privateKey }, kid: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: pair.alg, kid })
        .setSubject('a')
        .setExpirationTime('1h')
        .sign(pair.privateKey);
    const open = (base: string, token: string) =>
      Session.open(base, 'a', { path: `/?token=${token}` }).then(
        async (session) => {
          await session.close();
          return 101;
        },
        (error: { head: { status: number } }) => error.head.status,
      );
    for (const [kid, pair] of Object.entries(pairs)) {
      expect(await open(server.url, await signed(pair, kid)), kid).toBe(101);
    }
    expect(await open(server.url, await signed(pairs.e, 'r'))).toBe(401);
    expect(
      await open(
        server.url,
        await signed({ alg: 'RS256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }, 'r'),
      ),
    ).toBe(401);
    expect(
      await open(server.url, sign(JSON.stringify(keys[0]), { sub: 'a', exp: nowSeconds() + 60 }, { kid: 'r' })),
    ).toBe(401);
  });
});

onTargets(
  'Issuer and audience',
  { env: { AIDEALS_JWT_ISSUER: 'https://id.example', AIDEALS_JWT_AUDIENCE: 'aideals' } },
  (bench, check) => {
    check('[AUTH-9] iss and aud must hold what is set', async () => {
      const user = bench.user();
      const iss = 'https://id.example';
      const cases: [Record<string, unknown>, number][] = [
        [{ iss, aud: 'aideals' }, 101],
        [{ iss, aud: ['other', 'aideals'] }, 101],
        [{}, 401],
        [{ iss }, 401],
        [{ aud: 'aideals' }, 401],
        [{ iss: 'https://id.example.evil.test', aud: 'aideals' }, 401],
        [{ iss, aud: 'aideals2' }, 401],
        [{ iss, aud: ['other'] }, 401],
      ];
      for (const [claims, status] of cases) {
        expect(await statusOf(bench, bench.token(user, claims)), JSON.stringify(claims)).toBe(status);
      }
    });
  },
);
