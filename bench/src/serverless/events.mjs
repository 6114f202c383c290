// Events as API Gateway makes them.
import { token } from '../aideals.mjs';

const contextOf = (connectionId, routeKey, eventType) => ({
  ...{ routeKey, eventType, connectionId, stage: 'prod', apiId: 'bench', domainName: 'bench.invalid' },
  ...{ requestId: `${connectionId}-${routeKey}`, extendedRequestId: 'e', messageDirection: 'IN' },
  ...{ connectedAt: Date.now(), requestTimeEpoch: Date.now(), identity: { sourceIp: '192.0.2.1', userAgent: 'bench' } },
});

export const connecting = (connectionId, user) => ({
  headers: { Host: 'bench.invalid' },
  multiValueHeaders: { Host: ['bench.invalid'] },
  queryStringParameters: { token: token(user) },
  multiValueQueryStringParameters: { token: [token(user)] },
  requestContext: contextOf(connectionId, '$connect', 'CONNECT'),
});

let messages = 0;

export const message = (connectionId, action, data = {}) => {
  messages += 1;
  return {
    requestContext: { ...contextOf(connectionId, action, 'MESSAGE'), messageId: `m${messages}` },
    body: JSON.stringify({ action, data, requestId: `q${messages}` }),
    isBase64Encoded: false,
  };
};

export const leaving = (connectionId) => ({
  requestContext: { ...contextOf(connectionId, '$disconnect', 'DISCONNECT'), disconnectStatusCode: 1000 },
});

export const healthCheck = () => ({
  rawPath: '/healthz',
  headers: {},
  requestContext: { http: { method: 'GET', path: '/healthz', sourceIp: '192.0.2.1' } },
});
