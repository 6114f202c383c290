import { describe, expect, it } from 'vitest';
import type { ConnectEvent } from './event.js';
import { openingResult, readConnect } from './greeting.js';
import { connectEvent, TIME } from './testing/events.js';

const greet = (event: ConnectEvent) => {
  const greeting = readConnect(event);
  if (!greeting.ok) throw new Error(`refused: ${greeting.result.body}`);
  return greeting;
};

const tokenOf = (headers: Record<string, string>, query: Record<string, string> = {}) =>
  greet(connectEvent(headers, query)).handshake.token;

const PROTOCOL = 'Sec-WebSocket-Protocol';
const OFFER = { [PROTOCOL]: 'aideals.v1, aideals.token.from.sub.protocol' };

describe('the handshake in a $connect event', () => {
  it('holds the connection, its address and its client', () => {
    expect(greet(connectEvent({}, { client: 'tab_1-a', token: 't' })).handshake).toEqual({
      connectionId: 'L0SM9cOFvHcCIhw=',
      token: 't',
      client: 'tab_1-a',
      ip: '203.0.113.9',
    });
    expect(greet(connectEvent()).handshake).toMatchObject({ token: undefined, client: undefined });
  });

  it('takes the token from the first place that holds one', () => {
    const query = { token: 'from-query' };
    expect(tokenOf({ ...OFFER, Authorization: 'Bearer from-header' }, query)).toBe('from-header');
    expect(tokenOf({ ...OFFER, Authorization: 'Basic abc' }, query)).toBe('from.sub.protocol');
    expect(tokenOf({ [PROTOCOL]: 'aideals.v1' }, query)).toBe('from-query');
  });

  it('knows headers by any spelling, and the scheme too', () => {
    expect(tokenOf({ authorization: 'bearer a.b.c' })).toBe('a.b.c');
    expect(tokenOf({ AUTHORIZATION: 'BEARER a.b.c ' })).toBe('a.b.c');
    expect(tokenOf({ 'sec-websocket-protocol': 'aideals.token.a.b.c,aideals.v1' })).toBe('a.b.c');
  });

  it('reads what came in several header lines, and the first of a repeated parameter', () => {
    const event: ConnectEvent = {
      ...connectEvent(),
      multiValueHeaders: { 'sec-websocket-protocol': ['chat', 'aideals.v1, aideals.token.a.b.c'] },
      queryStringParameters: { client: 'last', token: 'last' },
      multiValueQueryStringParameters: { client: ['first', 'last'], token: ['first', 'last'] },
    };
    expect(greet(event)).toMatchObject({ selected: 'aideals.v1', handshake: { token: 'a.b.c', client: 'first' } });
  });

  it('reads events that have only the maps of single values', () => {
    const { requestContext } = connectEvent();
    const event = { requestContext, headers: OFFER, queryStringParameters: { client: 'c' } };
    expect(greet(event)).toMatchObject({ handshake: { token: 'from.sub.protocol', client: 'c' } });
    expect(greet({ requestContext, headers: null }).handshake).toMatchObject({ token: undefined });
  });

  it('finds no parameter in what every object has', () => {
    expect(greet({ ...connectEvent(), queryStringParameters: {} }).handshake).toMatchObject({ client: undefined });
  });
});

describe('the subprotocol', () => {
  it('is aideals.v1 wherever it stands, and never another one', () => {
    const selected = (offered: string) => greet(connectEvent({ [PROTOCOL]: offered })).selected;
    expect(selected('aideals.v1')).toBe('aideals.v1');
    expect(selected('chat, aideals.token.a.b.c, json, aideals.v1')).toBe('aideals.v1');
    expect(selected('graphql-ws, aideals.v2')).toBeUndefined();
    expect(greet(connectEvent()).selected).toBeUndefined();
  });
});

describe('a malformed handshake', () => {
  it.each([
    ['a token without aideals.v1', { [PROTOCOL]: 'aideals.token.a.b.c' }, {}, PROTOCOL, 'must offer aideals.v1'],
    ['two tokens', { [PROTOCOL]: 'aideals.v1,aideals.token.a,aideals.token.b' }, {}, PROTOCOL, 'at most one'],
    ['a protocol twice', { [PROTOCOL]: 'aideals.v1,aideals.v1' }, {}, PROTOCOL, 'twice'],
    ['an empty name', { [PROTOCOL]: 'aideals.v1,,chat' }, {}, PROTOCOL, 'list of names'],
    ['an empty client', {}, { client: '' }, 'query.client', '1 to 64'],
    ['another batch', {}, { batch: 'yes' }, 'query.batch', 'must be 1'],
    ['a client with a space', {}, { client: 'a b' }, 'query.client', '1 to 64'],
    ['a long client', {}, { client: 'x'.repeat(65) }, 'query.client', '1 to 64'],
  ])('is refused: %s', (_title, headers, query, path, message) => {
    const greeting = readConnect(connectEvent(headers, { ...query, token: 'secret.to.ken' }));
    if (greeting.ok) throw new Error('was let in');
    expect(greeting.result.statusCode).toBe(400);
    expect(greeting.result.headers).toEqual({ 'Content-Type': 'application/json; charset=utf-8' });
    const body = JSON.parse(greeting.result.body ?? '');
    expect(body).toEqual({
      type: 'error',
      data: {
        code: 'VALIDATION_ERROR',
        message: expect.any(String),
        details: { fields: [{ path, message: expect.stringContaining(message) }] },
      },
      timestamp: Math.floor(TIME / 1000),
    });
    expect(greeting.result.body).not.toContain('secret.to.ken');
  });
});

describe('the answer to an upgrade', () => {
  const record = {
    connectionId: 'c',
    userId: 'u',
    connectedAt: TIME,
    tokenExp: TIME,
    firstSignIn: TIME,
    scopes: [],
    ip: '203.0.113.9',
  };

  it('selects the subprotocol where one was offered', () => {
    const selecting = { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'aideals.v1' } };
    expect(openingResult({ accepted: true, record }, 'aideals.v1')).toEqual(selecting);
    expect(openingResult({ accepted: true, record }, undefined)).toEqual({ statusCode: 200 });
  });

  it('passes on a refusal, with the headers that its status asks for', () => {
    const body = '{"type":"error"}';
    const type = { 'Content-Type': 'application/json; charset=utf-8' };
    expect(openingResult({ accepted: false, status: 401, body }, 'aideals.v1')).toEqual({
      statusCode: 401,
      headers: { ...type, 'WWW-Authenticate': 'Bearer' },
      body,
    });
    expect(openingResult({ accepted: false, status: 429, retryAfter: 7, body }, undefined)).toEqual({
      statusCode: 429,
      headers: { ...type, 'Retry-After': '7' },
      body,
    });
  });
});
