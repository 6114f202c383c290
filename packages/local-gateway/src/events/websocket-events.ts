import { gatewayId, requestTime, traceId } from '../aws-ids.js';
import { mapsOf, pairsOf } from './header-maps.js';

/** The connection that an event is about. */
export interface EventSource {
  readonly apiId: string;
  readonly stage: string;
  readonly domainName: string;
  readonly connectionId: string;
  /** Unix milliseconds. */
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
}

type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT';

const contextOf = (source: EventSource, routeKey: string, eventType: EventType, now: number) => {
  const { apiId, stage, domainName, connectionId, connectedAt, sourceIp, userAgent } = source;
  const requestId = gatewayId();
  return {
    routeKey,
    ...(eventType === 'MESSAGE' ? { messageId: gatewayId() } : {}),
    eventType,
    extendedRequestId: requestId,
    requestTime: requestTime(now),
    messageDirection: 'IN',
    stage,
    connectedAt,
    requestTimeEpoch: now,
    identity: { ...(userAgent === undefined ? {} : { userAgent }), sourceIp },
    requestId,
    domainName,
    connectionId,
    apiId,
  };
};

export interface ConnectRequest {
  readonly rawHeaders: readonly string[];
  /** What follows the `?`; empty where there is none. */
  readonly rawQuery: string;
}

const forwarded = (source: EventSource, pairs: readonly (readonly [string, string])[], now: number) => {
  const earlier = pairs.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  return [
    ['X-Amzn-Trace-Id', traceId(now)],
    ['X-Forwarded-For', [...earlier, source.sourceIp].join(', ')],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Proto', 'https'],
  ] as const;
};

/** What `$connect` is invoked with. The maps of a query are left out where there is none. */
export const connectEvent = (source: EventSource, { rawHeaders, rawQuery }: ConnectRequest, now: number) => {
  const sent = pairsOf(rawHeaders);
  const own = forwarded(source, sent, now);
  const replaced = new Set(own.map(([name]) => name.toLowerCase()));
  const headers = mapsOf([...sent.filter(([name]) => !replaced.has(name.toLowerCase())), ...own]);
  const query = mapsOf(new URLSearchParams(rawQuery));
  const hasQuery = Object.keys(query.single).length > 0;
  return {
    headers: headers.single,
    multiValueHeaders: headers.multi,
    ...(hasQuery ? { queryStringParameters: query.single, multiValueQueryStringParameters: query.multi } : {}),
    requestContext: contextOf(source, '$connect', 'CONNECT', now),
    isBase64Encoded: false,
  };
};

/** What a route is invoked with for a message. */
export const messageEvent = (source: EventSource, routeKey: string, body: string, now: number) => ({
  requestContext: contextOf(source, routeKey, 'MESSAGE', now),
  body,
  isBase64Encoded: false,
});

/** What `$disconnect` is invoked with. */
export const disconnectEvent = (source: EventSource, status: number, reason: string, now: number) => {
  const headers = { Host: source.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext: {
      ...contextOf(source, '$disconnect', 'DISCONNECT', now),
      disconnectStatusCode: status,
      disconnectReason: reason,
    },
    isBase64Encoded: false,
  };
};
