/** docs/http.md: what backends, agents and administrators ask over HTTP. */
import { type CallContract, callList } from '@aideals/protocol';
import type { z } from 'zod';
import { AWS } from '../aws-addresses.ts';
import { FIXED } from '../fixed-addresses.ts';
import { failuresOf, scopeOf } from '../openapi.ts';
import { schemaOf } from '../schema.ts';
import { limitText } from './actions.ts';
import { code, fields, jsonText, page, table } from './markdown.ts';

const BASE = 'http://localhost:3001';

const curl = (call: CallContract): string => {
  const { params = {}, query = {}, body } = call.example;
  const path = call.path.replace(/\{(\w+)\}/gu, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams(Object.entries(query).map(([name, of]) => [name, String(of)])).toString();
  return [
    `curl ${call.method === 'GET' ? '' : `-X ${call.method} `}'${BASE}${path}${search === '' ? '' : `?${search}`}'`,
    `  -H "Authorization: Bearer $TOKEN"`,
    ...(body === undefined ? [] : [`  -H 'Content-Type: application/json'`, `  -d '${JSON.stringify(body)}'`]),
  ].join(' \\\n');
};

const part = (title: string, shape: z.ZodType | undefined, way: 'sent' | 'received' = 'sent'): string[] =>
  shape === undefined ? [] : [title, fields(schemaOf(shape), way)];

const section = (call: CallContract): string => {
  const many = call.many === undefined ? '' : `, or a list of up to ${call.many} of them`;
  const strict = call.body !== undefined && schemaOf(call.body).additionalProperties === false;
  return [
    `## ${call.method} ${call.path}`,
    call.summary,
    call.description,
    `Scope: ${scopeOf(call)}. Limit: ${limitText(call.limit)}.${call.idempotent ? ' `Idempotency-Key`: yes.' : ''}`,
    ...part('Path:', call.params),
    ...part('Query:', call.query),
    ...part(`Body${many}:${strict ? ' an unknown field is refused.' : ''}`, call.body),
    ...(call.reply === undefined
      ? ['Answer: 204, no body.']
      : [
          `Answer: 200${call.many === undefined ? '' : ', a list where a list was given'}:`,
          fields(schemaOf(call.reply), 'received'),
        ]),
    ...part('Answer to a stream of lines (`application/x-ndjson`): 200', call.lines, 'received'),
    table(['status', 'when'], Object.entries(failuresOf(call))),
    code('bash', curl(call)),
    ...(call.example.reply === undefined ? [] : [code('json', jsonText(call.example.reply))]),
  ].join('\n\n');
};

interface Operation {
  readonly summary: string;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

/** A row for each method of addresses that no contract describes. */
const addresses = (paths: Readonly<Record<string, object>>): string =>
  table(
    ['address', 'what', 'answers'],
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods as Readonly<Record<string, Operation>>)
        .filter(([method]) => method !== 'parameters')
        .map(([method, { summary, responses }]) => [
          `\`${method.toUpperCase()} ${path}\``,
          summary,
          Object.entries(responses)
            .map(([status, { description }]) => `${status}: ${description}`)
            .join(' '),
        ]),
    ),
  );

export const httpPage = (): string =>
  page(
    'HTTP',
    'JSON in, JSON out. The token or key goes in `Authorization: Bearer`, a key also in `X-Api-Key`. Every failure has the body of an `error` frame: see [errors.md](errors.md). The server serves the same as OpenAPI at `/openapi.json`.',
    table(
      ['call', 'scope', 'does'],
      callList.map((call) => [`\`${call.method} ${call.path}\``, call.scope ?? 'own', call.summary]),
    ),
    ...callList.map(section),
    '## As AWS',
    'Signed with Signature Version 4 and a key of `AIDEALS_AWS_KEYS`, in the form of AWS’s own answers: `aws apigatewaymanagementapi`, the SDKs and `lambda.invoke` work with this server as their endpoint.',
    addresses(AWS),
    '## Fixed addresses',
    addresses(FIXED),
  );
