import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, expect } from 'vitest';
import { Session } from '../session.js';
import { type Bench, errorWith, onStartable, onTargets, str } from '../suite.js';
import type { Server } from '../target.js';
import { nowSeconds, sign, tokenFor } from '../tokens.js';

const statusOf = async (bench: Bench, token: string): Promise<number> =>
  (await bench.dial({ path: '/', headers: { Authorization: `Bearer ${token}` } })).head.status;

onTargets('Authentication', {}, (bench, check) => {
  check('[AUTH-1] the token is taken from the header, a subprotocol or the query', async () => {
    const user = bench.user();
    const token = bench.token(user);
    const ways = [
      { path: '/', headers: { Authorization: `Bearer ${token}` } },
      { path: '/', protocols: ['aideals.v1', `aideals.token.${token}`] },
      { path: `/?token=${token}` },
    ];
    for (const way of ways) {
      const session = await bench.open(way);
      expect((await session.ask('getStatus')).data['userId']).toBe(user);
    }
  });

  check('[AUTH-1] the first place that holds a token decides', async () => {
    const [first, second] = [bench.user(), bench.user()];
    const protocols = ['aideals.v1', `aideals.token.${bench.token(second)}`];
    const header = { Authorization: `Bearer ${bench.token(first)}` };
    const both = await bench.open({ path: `/?token=${bench.token(second)}`, headers: header, protocols });
    expect((await both.ask('getStatus')).data['userId']).toBe(first);
    const bySubprotocol = await bench.open({ path: `/?token=${bench.token(first)}`, protocols });
    expect((await bySubprotocol.ask('getStatus')).data['userId']).toBe(second);
    const wrong = { Authorization: 'Bearer a.b.c' };
    expect((await bench.dial({ headers: wrong })).head.status).toBe(401);
    expect((await bench.dial({ protocols: ['aideals.v1', 'aideals.token.a.b.c'] })).head.status).toBe(401);
  });

  check('[AUTH-2] a missing or bad token is 401 and asks for Bearer', async () => {
    const user = bench.user();
    const good = bench.token(user);
    const [head = '', body = '', mark = ''] = good.split('.');
    const other = Buffer.from(JSON.stringify({ sub: 'admin', exp: nowSeconds() + 3600 })).toString('base64url');
    const tokens: Record<string, string> = {
      empty: '',
      'no JWT': 'abc',
      'three dots of nothing': '..',
      'parts that are not JSON': 'a.b.c',
      'no signature': `${head}.${body}.`,
      'two parts': `${head}.${body}`,
      'a changed payload': `${head}.${other}.${mark}`,
      'a cut signature': good.slice(0, -2),
      'another secret': tokenFor('another secret of at least 32 bytes', user),
      expired: bench.token(user, { exp: nowSeconds() - 3600 }),
      'a payload that is a list': sign(bench.server.secret, [] as never),
      'a very long one': `${good}${'A'.repeat(6000)}`,
    };
    for (const [what, token] of Object.entries(tokens)) {
      const refused = await bench.dial({ path: `/ws?token=${token}` });
      expect(refused.head.status, what).toBe(401);
      if (refused.open) continue;
      expect(refused.head.headers['www-authenticate'], what).toMatch(/^Bearer/);
      expect(JSON.parse(refused.body), what).toEqual(errorWith('AUTHENTICATION_ERROR'));
      if (token.length > 3) expect(refused.body).not.toContain(token);
    }
    expect((await bench.dial({ path: '/ws' })).head.status).toBe(401);
    expect((await bench.dial({ path: '/', headers: { Authorization: 'Basic YTpi' } })).head.status).toBe(401);
  });

  check('[AUTH-3] alg none, and an algorithm that is not listed, is refused', async () => {
    const claims = { sub: bench.user(), exp: nowSeconds() + 3600 };
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS384', 'HS512', 'RS256', 'xyz', null]) {
      expect(await statusOf(bench, sign(bench.server.secret, claims, { alg })), String(alg)).toBe(401);
    }
    expect(await statusOf(bench, sign(bench.server.secret, claims))).toBe(101);
  });

  check('[AUTH-4] sub and exp are required, and of their kind', async () => {
    const exp = nowSeconds() + 3600;
    const sub = bench.user();
    const wrong = [
      { exp },
      { sub },
      { sub: '', exp },
      { sub: 7, exp },
      { sub: null, exp },
      { sub: [sub], exp },
      { sub: 'room:lobby', exp },
      { sub: 'a\u0000b', exp },
      { sub: 'a\nb', exp },
      { sub: 'x'.repeat(129), exp },
      { sub, exp: String(exp) },
      { sub, exp: null },
      { sub, exp: exp * -1 },
    ];
    for (const claims of wrong) {
      expect(await statusOf(bench, sign(bench.server.secret, claims)), JSON.stringify(claims)).toBe(401);
    }
    expect(await statusOf(bench, sign(bench.server.secret, { sub: 'ä'.repeat(128), exp }))).toBe(101);
  });

  check('[AUTH-5] a token that is not valid yet is refused', async () => {
    const user = bench.user();
    expect(await statusOf(bench, bench.token(user, { nbf: nowSeconds() + 3600 }))).toBe(401);
    expect(await statusOf(bench, bench.token(user, { nbf: nowSeconds() - 60 }))).toBe(101);
  });

  check('[AUTH-6] a critical extension that the server does not know is refused', async () => {
    const claims = { sub: bench.user(), exp: nowSeconds() + 3600 };
    for (const header of [
      { crit: ['x-bind'], 'x-bind': 'a' },
      { crit: ['exp'], exp: 1 },
      { crit: [] },
      { crit: 'a' },
    ]) {
      expect(await statusOf(bench, sign(bench.server.secret, claims, header)), JSON.stringify(header)).toBe(401);
    }
  });

  check('[AUTH-7] scopes are a string or a list, and none is needed to connect', async () => {
    const user = bench.user();
    const scopes: [unknown, boolean][] = [
      ['publish', true],
      ['admin publish', true],
      [['publish', 'admin'], true],
      ['websocket', false],
      ['publisher', false],
      [[], false],
      [undefined, false],
    ];
    for (const [scope, may] of scopes) {
      const token = bench.token(user, { scope });
      expect(await statusOf(bench, token)).toBe(101);
      const answer = await bench.call('POST', '/v1/broadcast', { token, body: { topic: bench.topic(), data: {} } });
      expect(answer.status, JSON.stringify(scope)).toBe(may ? 200 : 403);
    }
  });

  check('[AUTH-16][ERR-6] a refresh with a bad token, or of another user, changes nothing', async () => {
    const session = await bench.open();
    const good = bench.token(session.userId);
    const bad = [
      'abc',
      bench.token(session.userId, { exp: nowSeconds() - 60 }),
      tokenFor('another secret of at least 32 bytes', session.userId),
      sign(bench.server.secret, { sub: session.userId, exp: nowSeconds() + 3600 }, { alg: 'none' }),
    ];
    for (const token of bad) {
      const answer = await session.ask('refreshToken', { token });
      expect(answer).toEqual(errorWith('AUTHENTICATION_ERROR'));
      expect(JSON.stringify(answer)).not.toContain(token);
    }
    const other = await session.ask('refreshToken', { token: bench.token(bench.user()) });
    expect(other).toEqual(errorWith('AUTHORIZATION_ERROR'));
    expect((await session.ask('getStatus')).data['userId']).toBe(session.userId);
    expect((await session.ask('refreshToken', { token: good })).type).toBe('tokenRefreshed');
  });

  check('[AUTH-14] a refresh answers with the token and its expiry', async () => {
    const session = await bench.open();
    const exp = nowSeconds() + 1800;
    const token = bench.token(session.userId, { exp });
    expect(await session.ask('refreshToken', { token })).toMatchObject({
      type: 'tokenRefreshed',
      data: { token, expiresAt: exp },
    });
  });

  check('[AUTH-17] without a token nothing is issued where that is not turned on', async () => {
    const session = await bench.open();
    for (const data of [undefined, {}]) {
      expect(await session.ask('refreshToken', data)).toEqual(errorWith('VALIDATION_ERROR', 'data.token'));
    }
    for (const token of ['', 7, null]) {
      expect(await session.ask('refreshToken', { token })).toEqual(errorWith('VALIDATION_ERROR', 'data.token'));
    }
  });
});

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
  { env: { JWT_ALGORITHM: 'RS256,HS256', AIDEALS_JWT_PUBLIC_KEY: pem, JWT_SECRET: undefined } },
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

onTargets('Tokens of the server’s own', { env: { AIDEALS_TOKEN_ISSUE: '1' } }, (bench, check) => {
  check('[AUTH-17] a token is issued for an hour, keeps sub and scopes, and opens a new connection', async () => {
    const session = await bench.open({ claims: { scope: 'publish' } });
    const answer = await session.ask('refreshToken', {});
    expect(answer.type).toBe('tokenRefreshed');
    const left = Number(answer.data['expiresAt']) - nowSeconds();
    expect(left).toBeGreaterThan(3590);
    expect(left).toBeLessThanOrEqual(3600);
    const token = str(answer, 'token');
    const again = await bench.open({ path: `/?token=${token}` });
    expect((await again.ask('getStatus')).data['userId']).toBe(session.userId);
    const body = { topic: bench.topic(), data: {} };
    expect((await bench.call('POST', '/v1/broadcast', { token, body })).status).toBe(200);
    expect((await bench.call('GET', '/v1/connections?userId=a', { token })).status).toBe(403);
  });

  check('[AUTH-17] none is issued past 24 hours after the first sign-in', async () => {
    const first = nowSeconds() - 23.5 * 3600;
    const session = await bench.open({ claims: { iat: first, auth_time: first } });
    const answer = await session.ask('refreshToken', {});
    const expiresAt = Number(answer.data['expiresAt']);
    expect(expiresAt).toBeLessThanOrEqual(first + 24 * 3600);
    expect(expiresAt).toBeGreaterThan(nowSeconds() + 1700);
    const next = await bench.open({ path: `/?token=${str(answer, 'token')}` });
    expect(Number((await next.ask('refreshToken', {})).data['expiresAt'])).toBeLessThanOrEqual(first + 24 * 3600);
    const old = nowSeconds() - 25 * 3600;
    const late = await bench.open({ claims: { iat: old, auth_time: old } });
    expect(await late.ask('refreshToken', {})).toEqual(errorWith('VALIDATION_ERROR', 'data.token'));
  });
});
