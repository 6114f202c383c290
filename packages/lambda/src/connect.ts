import type { Handshake, Opening } from '@aideals/core';
import { WireError } from '@aideals/protocol';
import { errorFrame } from './error-frame.js';
import type { ConnectEvent, ProxyResult } from './event.js';
import { type Offered, readSubprotocols } from './subprotocols.js';

export type Greeting =
  | { readonly ok: true; readonly handshake: Handshake; readonly selected: Offered['selected'] }
  /** The handshake is malformed: this answers it. */
  | { readonly ok: false; readonly result: ProxyResult };

const CLIENT = /^[A-Za-z0-9_-]{1,64}$/;
const BEARER = /^Bearer +(\S+) *$/i;

/** Every value of a header, in order; where API Gateway gives only one form of the map, that one. */
const headersOf = (event: ConnectEvent, name: string): readonly string[] => {
  const isNamed = ([key]: readonly [string, unknown]): boolean => key.toLowerCase() === name;
  const lists = Object.entries(event.multiValueHeaders ?? {}).filter(isNamed);
  if (lists.length > 0) return lists.flatMap(([, values]) => values ?? []);
  return Object.entries(event.headers ?? {})
    .filter(isNamed)
    .flatMap(([, value]) => value ?? []);
};

/** The first value of a query parameter, as the self-hosted server reads it. */
const queryOf = (event: ConnectEvent, name: string): string | undefined => {
  const lists = event.multiValueQueryStringParameters ?? {};
  if (Object.hasOwn(lists, name)) return lists[name]?.[0];
  const values = event.queryStringParameters ?? {};
  return Object.hasOwn(values, name) ? values[name] : undefined;
};

const bearerOf = (event: ConnectEvent): string | undefined => {
  const [authorization] = headersOf(event, 'authorization');
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
};

const clientOf = (event: ConnectEvent): string | undefined => {
  const client = queryOf(event, 'client');
  if (client === undefined || CLIENT.test(client)) return client;
  throw WireError.field('query.client', 'must be 1 to 64 letters, digits, - and _');
};

const offeredBy = (event: ConnectEvent): Offered => {
  const lists = headersOf(event, 'sec-websocket-protocol');
  return readSubprotocols(lists.length === 0 ? undefined : lists.join(','));
};

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** What the client of a `$connect` says of itself. The first place that holds a token decides. */
export const readConnect = (event: ConnectEvent): Greeting => {
  const { connectionId, identity, requestTimeEpoch } = event.requestContext;
  try {
    const { selected, token } = offeredBy(event);
    const handshake = {
      connectionId,
      token: bearerOf(event) ?? token ?? queryOf(event, 'token'),
      client: clientOf(event),
      ip: identity.sourceIp,
    };
    return { ok: true, handshake, selected };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const body = errorFrame(error, requestTimeEpoch);
    return { ok: false, result: { statusCode: error.status, headers: JSON_TYPE, body } };
  }
};

/** Answers the upgrade. The selected subprotocol is named, so that a client that offered one does not give up. */
export const openingResult = (opening: Opening, selected: Offered['selected']): ProxyResult => {
  if (opening.accepted) {
    return { statusCode: 200, ...(selected === undefined ? {} : { headers: { 'Sec-WebSocket-Protocol': selected } }) };
  }
  const { status, retryAfter, body } = opening;
  const headers = {
    ...JSON_TYPE,
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  };
  return { statusCode: status, headers, body };
};
