import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Gatekeeper, type GatekeeperOptions } from './gatekeeper.js';

const keeper = (over: Partial<GatekeeperOptions> = {}): Gatekeeper =>
  new Gatekeeper({
    stage: 'prod',
    ipAllow: undefined,
    ipDeny: [],
    trustedProxies: [],
    origins: { allowed: undefined, isProduction: false },
    ...over,
  });

const request = (url: string, headers: Record<string, string> = {}, remoteAddress = '127.0.0.1'): IncomingMessage =>
  ({ url, headers: { host: 'deals.example', ...headers }, socket: { remoteAddress } }) as unknown as IncomingMessage;

const told = (gatekeeper: Gatekeeper, ...given: Parameters<typeof request>) => {
  const introduced = gatekeeper.introduce(request(...given));
  if (introduced.ok) return introduced.introduction;
  const { status, body } = introduced.refusal;
  const { code, message } = JSON.parse(body).data as { code: string; message: string };
  return [status, code, message];
};

describe('an introduction', () => {
  it('has its token from the header, else from the subprotocol, else from the query', () => {
    const header = { authorization: 'bearer from-header' };
    const protocol = { 'sec-websocket-protocol': 'x, aideals.token.from.protocol, aideals.v1' };
    const url = '/ws?token=from-query';
    expect(told(keeper(), url, { ...header, ...protocol })).toMatchObject({ token: 'from-header' });
    expect(told(keeper(), url, protocol)).toMatchObject({ token: 'from.protocol' });
    expect(told(keeper(), url)).toMatchObject({ token: 'from-query' });
    expect(told(keeper(), url, { authorization: 'Basic eA==' })).toMatchObject({ token: 'from-query' });
    expect(told(keeper(), '/ws')).toEqual({ token: undefined, client: undefined, ip: '127.0.0.1' });
  });

  it.each([
    ['aideals.token.x', 'Sec-WebSocket-Protocol: must offer aideals.v1 beside aideals.token.<jwt>'],
    [
      'aideals.v1, aideals.token.x, aideals.token.y',
      'Sec-WebSocket-Protocol: must hold at most one aideals.token.<jwt>',
    ],
    ['aideals.v1, aideals.v1', 'Sec-WebSocket-Protocol: must not name a protocol twice'],
    ['aideals.v1,,', 'Sec-WebSocket-Protocol: must be a list of names, separated by commas'],
  ])('that offers %s is told what is wrong', (offered, message) => {
    expect(told(keeper(), '/?token=t', { 'sec-websocket-protocol': offered })).toEqual([
      400,
      'VALIDATION_ERROR',
      message,
    ]);
  });

  it('names its client instance', () => {
    expect(told(keeper(), '/?client=tab_1-a')).toMatchObject({ client: 'tab_1-a' });
    for (const client of ['', 'a b', 'ä', 'x'.repeat(65)]) {
      expect(told(keeper(), `/?client=${encodeURIComponent(client)}`)).toEqual([
        400,
        'VALIDATION_ERROR',
        'query.client: must be 1 to 64 letters, digits, - and _',
      ]);
    }
  });

  it('says whether batches are taken', () => {
    expect(keeper().introduce(request('/?batch=1'))).toMatchObject({ ok: true, takesBatches: true });
    expect(keeper().introduce(request('/'))).toMatchObject({ ok: true, takesBatches: false });
    expect(told(keeper(), '/?batch=yes')).toEqual([400, 'VALIDATION_ERROR', 'query.batch: must be 1, or left out']);
  });

  it('is heard on three paths', () => {
    for (const path of ['/', '/ws', '/dev', '/?x=1']) expect(told(keeper({ stage: 'dev' }), path)).toHaveProperty('ip');
    for (const path of ['/prod', '/ws/', '/v1/broadcast', 'http://x/ws', '']) {
      expect(told(keeper({ stage: 'dev' }), path)).toEqual([
        404,
        'VALIDATION_ERROR',
        'no socket is served here; connect to one of /, /ws, /dev',
      ]);
    }
  });

  it('may be refused by its address', () => {
    const may = (ip: string): boolean =>
      !Array.isArray(
        told(
          keeper({ ipAllow: ['10.0.0.0/8'], ipDeny: ['10.6.6.6/32'], trustedProxies: ['10.0.0.1/32'] }),
          '/',
          {
            'x-forwarded-for': ip,
          },
          '10.0.0.1',
        ),
      );
    expect([may('10.1.1.1'), may('10.6.6.6'), may('203.0.113.1')]).toEqual([true, false, false]);
  });

  it.each([
    [undefined, false, 'https://elsewhere.example', true],
    [undefined, false, 'null', false],
    [undefined, true, 'https://deals.example', true],
    [undefined, true, 'https://elsewhere.example', false],
    [undefined, true, 'null', false],
    [undefined, true, undefined, true],
    [['https://app.example'], true, 'https://app.example', true],
    [['https://app.example'], false, 'https://app.example:8443', false],
    [['https://app.example'], false, 'https://deals.example', false],
    [['https://app.example'], false, 'nonsense', false],
    [['https://app.example', 'null'], true, 'null', true],
    [['*'], true, 'https://elsewhere.example', true],
    [['*'], true, 'null', false],
  ])('of a page: allowed %j, production %j, origin %s is let in: %j', (allowed, isProduction, origin, isLetIn) => {
    const answer = told(keeper({ origins: { allowed, isProduction } }), '/', origin === undefined ? {} : { origin });
    if (isLetIn) expect(answer).toHaveProperty('ip');
    else expect(answer).toEqual([403, 'AUTHORIZATION_ERROR', 'pages of this origin may not connect']);
  });

  it('compares origins with the host that a trusted proxy was asked for', () => {
    const origins = { allowed: undefined, isProduction: true };
    const headers = { origin: 'https://public.example', 'x-forwarded-host': 'public.example:443' };
    expect(told(keeper({ origins }), '/', headers)).toHaveProperty('0', 403);
    expect(told(keeper({ origins, trustedProxies: ['127.0.0.0/8'] }), '/', headers)).toHaveProperty('ip');
  });
});
