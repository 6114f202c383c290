/** Addresses that no contract describes: the socket's, the operator's and the documents'. */

const text = (description: string, type: string): object => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});

const document = (operationId: string, summary: string): object => ({
  get: {
    operationId,
    summary,
    tags: ['operation'],
    security: [],
    responses: {
      200: { description: 'The document.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  },
});

const failure = (description: string): object => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const ready = (description: string, status: 'ok' | 'unavailable', store: string): object => ({
  description,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          status: { const: status },
          checks: {
            type: 'object',
            description: 'For each part, `ok` or what is wrong.',
            additionalProperties: { type: 'string' },
          },
        },
        required: ['status', 'checks'],
      },
      example: { status, checks: { store, connections: 'ok' } },
    },
  },
});

export const FIXED: Readonly<Record<string, object>> = {
  '/': {
    get: {
      operationId: 'page',
      summary: 'The page that shows deals live.',
      tags: ['operation'],
      security: [],
      responses: { 200: text('The page.', 'text/html') },
    },
  },
  '/ws': {
    get: {
      operationId: 'connect',
      summary: 'Where a WebSocket is opened, as on `/` and `/{stage}`.',
      description:
        'Without an upgrade it answers as the upgrade would, with 426 in place of 101: a browser that was refused can ask here why.',
      tags: ['operation'],
      security: [{ bearer: [] }, { token: [] }],
      responses: {
        101: { description: 'The socket is open.' },
        401: failure('The token is missing, bad or expired.'),
        403: failure('The address or the origin is not let in.'),
        426: failure('All is well: upgrade to a WebSocket.'),
        429: failure('Too many connections, or too many attempts.'),
        503: failure('The server is draining or full.'),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'health',
      summary: 'Whether the process lives.',
      tags: ['operation'],
      security: [],
      responses: {
        200: {
          description: 'It lives.',
          content: {
            'application/json': {
              schema: { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] },
            },
          },
        },
      },
    },
  },
  '/readyz': {
    get: {
      operationId: 'ready',
      summary: 'Whether new connections should come here.',
      tags: ['operation'],
      security: [],
      responses: {
        200: ready('They should.', 'ok', 'ok'),
        503: ready('They should not: a check failed.', 'unavailable', 'cannot be written'),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Counters and gauges in the text format of Prometheus.',
      tags: ['operation'],
      security: [],
      responses: { 200: text('The metrics.', 'text/plain') },
    },
  },
  '/openapi.json': document('openapi', 'This document.'),
  '/asyncapi.json': document('asyncapi', 'The AsyncAPI document of the WebSocket.'),
};
