/** The OpenAPI 3.1 document: the HTTP calls of the contracts, and the fixed addresses that operators use. */
import { type CallContract, callList, errorData, type Json } from '@aideals/protocol';
import { AWS } from './aws-addresses.ts';
import { TIMESTAMP } from './examples.ts';
import { FIXED } from './fixed-addresses.ts';
import { type Schema, schemaOf } from './schema.ts';

const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';

/** What any call may answer, and why. */
const COMMON_STATUSES: Readonly<Record<number, string>> = {
  400: 'The request has a wrong shape: `data.details.fields` names each wrong field.',
  401: 'The token or key is missing, bad or expired.',
  403: 'The scope is not granted, or the address or origin is not let in.',
  429: 'Too many requests: come back after Retry-After.',
  500: 'A fault of the server.',
  503: 'The server cannot serve this now: come back after Retry-After.',
};

const BODY_STATUSES: Readonly<Record<number, string>> = {
  413: 'The body is too large.',
  415: 'The body is not application/json.',
};

/** What a caller must be granted, in words. */
export const scopeOf = ({ scope }: CallContract): string =>
  scope === undefined ? 'own, any user’s token' : `\`${scope}\``;

/** The failures of a call, by status. */
export const failuresOf = (call: CallContract): Record<number, string> => ({
  ...COMMON_STATUSES,
  ...(call.body === undefined ? {} : BODY_STATUSES),
  ...call.statuses,
});

const failure = (status: string, description: string): object => ({
  description,
  ...(['429', '503'].includes(status) && { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } }),
  content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Error' } } },
});

const parametersOf = (call: CallContract): object[] => {
  const from = (
    place: 'path' | 'query',
    schema: Schema,
    example: Readonly<Record<string, Json>> | undefined,
  ): object[] =>
    Object.entries(schema.properties ?? {}).map(([name, of]) => ({
      name,
      in: place,
      required: place === 'path' || (schema.required ?? []).includes(name),
      schema: of,
      ...(example?.[name] === undefined ? {} : { example: example[name] }),
    }));
  return [
    ...(call.params === undefined ? [] : from('path', schemaOf(call.params), call.example.params)),
    ...(call.query === undefined ? [] : from('query', schemaOf(call.query), call.example.query)),
    ...(call.idempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
};

/** One, or a list of up to `many`. */
const oneOrMany = (schema: Schema, many: number | undefined): Schema =>
  many === undefined ? schema : { oneOf: [schema, { type: 'array', items: schema, minItems: 1, maxItems: many }] };

const LINES: Schema = { type: 'string', description: 'A body in each line, as a stream.' };

const linesOf = ({ example }: CallContract): string => `${JSON.stringify(example.body)}\n`;

/** What a 200 holds: of a stream of lines it is an answer of its own. */
const answerOf = (call: CallContract, reply: NonNullable<CallContract['reply']>): Schema => {
  const answer = oneOrMany(schemaOf(reply), call.many);
  return call.lines === undefined ? answer : { anyOf: [answer, schemaOf(call.lines)] };
};

const success = (call: CallContract): object => {
  if (call.reply === undefined) return { 204: { description: 'Done.' } };
  const replayed = call.idempotent && {
    headers: { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } },
  };
  return {
    200: {
      description: 'Done.',
      ...replayed,
      content: {
        [JSON_TYPE]: { schema: answerOf(call, call.reply), example: call.example.reply },
      },
    },
  };
};

const operation = (call: CallContract): object => {
  const parameters = parametersOf(call);
  return {
    operationId: call.call,
    summary: call.summary,
    description: `${call.description}\n\nScope: ${scopeOf(call)}.`,
    tags: ['calls'],
    security: call.scope === undefined ? [{ bearer: [] }] : [{ bearer: [call.scope] }, { apiKey: [call.scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(call.body !== undefined && {
      requestBody: {
        required: true,
        content: {
          [JSON_TYPE]: { schema: oneOrMany(schemaOf(call.body), call.many), example: call.example.body },
          ...(call.lines === undefined ? {} : { [LINES_TYPE]: { schema: LINES, example: linesOf(call) } }),
        },
      },
    }),
    responses: {
      ...success(call),
      ...Object.fromEntries(Object.entries(failuresOf(call)).map(([s, text]) => [s, failure(s, text)])),
    },
  };
};

const ERROR_SCHEMA = {
  type: 'object',
  description: 'The same frame as over the WebSocket.',
  properties: {
    type: { const: 'error' },
    data: schemaOf(errorData),
    timestamp: { type: 'integer', description: 'Whole Unix seconds.' },
  },
  required: ['type', 'data', 'timestamp'],
  examples: [
    {
      type: 'error',
      data: { code: 'AUTHENTICATION_ERROR', message: 'The token is missing.' },
      timestamp: TIMESTAMP,
    },
  ],
};

export const openapi = (version: string): object => {
  const paths: Record<string, Record<string, object>> = {};
  for (const call of callList) {
    paths[call.path] = { ...paths[call.path], [call.method.toLowerCase()]: operation(call) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'aideals',
      version,
      summary: 'The real-time layer of an AI deals system.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost:3001', description: 'As `npx aideals serve` listens.' }],
    tags: [
      { name: 'calls', description: 'For backends, agents and administrators.' },
      {
        name: 'AWS',
        description: 'As AWS answers them, so that its command, its SDKs and the code that uses them work.',
      },
      { name: 'operation', description: 'For whoever runs the server.' },
    ],
    paths: { ...paths, ...AWS, ...FIXED },
    components: {
      schemas: { Error: ERROR_SCHEMA },
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Makes a retry safe: the first answer is given again, and nothing is done twice.',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      },
      headers: {
        RetryAfter: { description: 'Seconds.', schema: { type: 'integer', minimum: 0 } },
        Replayed: {
          description: '`true` where the answer is that of an earlier request with the same Idempotency-Key.',
          schema: { type: 'string', enum: ['true'] },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A JWT with the scope, or an API key.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'An API key with the scope.' },
        signatureV4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4, with a key of `AIDEALS_AWS_KEYS`.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
        token: { type: 'apiKey', in: 'query', name: 'token', description: 'A JWT, where no header can be set.' },
      },
    },
  };
};
