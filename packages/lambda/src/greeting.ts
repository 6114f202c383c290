import { errorFrame, type Handshake, type Opening, readGreeting, type Greeting as Said } from '@aideals/core';
import { WireError } from '@aideals/protocol';
import type { ConnectEvent, ProxyResult } from './event.js';

export type Greeting =
  | { readonly ok: true; readonly handshake: Handshake; readonly selected: Said['selected'] }
  /** The handshake is malformed: this answers it. */
  | { readonly ok: false; readonly result: ProxyResult };

/** Every value of a header, in order; where API Gateway gives only one form of the map, that one. */
export const headersOf = (event: ConnectEvent, name: string): readonly string[] => {
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

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** Refuses an upgrade before the engine has seen it. */
export const refusalResult = ({ requestContext }: ConnectEvent, error: WireError): ProxyResult => ({
  statusCode: error.status,
  headers: JSON_TYPE,
  body: errorFrame(error, undefined, requestContext.requestTimeEpoch).text,
});

/** What the client of a `$connect` says of itself. The first place that holds a token decides. */
export const readConnect = (event: ConnectEvent): Greeting => {
  const { connectionId, identity } = event.requestContext;
  try {
    const protocols = headersOf(event, 'sec-websocket-protocol');
    const { token, client, selected } = readGreeting({
      authorization: headersOf(event, 'authorization')[0],
      protocols: protocols.length === 0 ? undefined : protocols.join(','),
      token: queryOf(event, 'token'),
      client: queryOf(event, 'client'),
      batch: queryOf(event, 'batch'),
    });
    const handshake = { connectionId, token, client, ip: identity.sourceIp };
    return { ok: true, handshake, selected };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { ok: false, result: refusalResult(event, error) };
  }
};

/** Answers the upgrade. The selected subprotocol is named, so that a client that offered one does not give up. */
export const openingResult = (opening: Opening, selected: Said['selected']): ProxyResult => {
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
