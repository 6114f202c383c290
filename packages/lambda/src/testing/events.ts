import type { ConnectEvent, MessageEvent } from '../event.js';

export const TIME = 1_764_039_600_123;

/** Events with every field that API Gateway sends, so that what is read is found among what is not. */
const contextOf = (connectionId: string, routeKey: string, eventType: string) => ({
  routeKey,
  eventType,
  connectionId,
  extendedRequestId: 'VTtIxGcDIAMFwUQ=',
  requestTime: '25/Nov/2025:03:00:00 +0000',
  messageDirection: 'IN',
  stage: 'prod',
  connectedAt: TIME - 10,
  requestTimeEpoch: TIME,
  identity: { sourceIp: '203.0.113.9', userAgent: 'Mozilla/5.0' },
  requestId: 'VTtIxGcDIAMFwUQ=',
  domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
  apiId: 'abcdef1234',
});

export const connectEvent = (
  headers: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string>> = {},
): ConnectEvent => {
  const all = { Host: 'abcdef1234.execute-api.us-east-1.amazonaws.com', 'Sec-WebSocket-Version': '13', ...headers };
  const lists = (values: object) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
  const hasQuery = Object.keys(query).length > 0;
  return {
    headers: all,
    multiValueHeaders: lists(all),
    queryStringParameters: hasQuery ? query : null,
    multiValueQueryStringParameters: hasQuery ? lists(query) : null,
    requestContext: contextOf('L0SM9cOFvHcCIhw=', '$connect', 'CONNECT'),
  };
};

export const messageEvent = (connectionId: string, body: string, routeKey = '$default'): MessageEvent => ({
  requestContext: contextOf(connectionId, routeKey, 'MESSAGE'),
  body,
  isBase64Encoded: false,
});
