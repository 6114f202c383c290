import { expect } from 'vitest';
import { errorWith, statusOf } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds, sign, tokenFor } from '../tokens.js';

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

  check('[AUTH-1] the name of the scheme is read without regard to case', async () => {
    for (const scheme of ['bearer', 'BEARER']) {
      await bench.open({ path: '/', headers: { Authorization: `${scheme} ${bench.token(bench.user())}` } });
    }
  });

  check('[AUTH-12][AUTH-13] a token that is good for years is good for years', async () => {
    for (const seconds of [30 * 86_400, 10 * 365 * 86_400, 1e11]) {
      const session = await bench.openSettled({ claims: { exp: nowSeconds() + seconds } });
      expect(await session.untilPong()).toEqual([]);
      expect((await session.ask('getStatus')).type).toBe('statusUpdate');
    }
  });

  check('[AUTH-14] an expiry with a fraction is told in whole seconds', async () => {
    const exp = nowSeconds() + 40.5;
    const session = await bench.open({ claims: { exp } });
    expect(Math.abs(Number((await session.take('tokenExpiring')).data['expiresAt']) - exp)).toBeLessThan(1);
    const token = bench.token(session.userId, { exp: exp + 100 });
    const { expiresAt } = (await session.ask('refreshToken', { token })).data;
    expect(Number.isInteger(expiresAt)).toBe(true);
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
