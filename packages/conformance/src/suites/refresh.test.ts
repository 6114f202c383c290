import { expect } from 'vitest';
import { errorWith, str } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

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
