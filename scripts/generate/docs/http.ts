/** docs/http.md: what backends, agents and administrators ask over HTTP. */
import { type CallContract, callList } from '@aideals/protocol';
import type { z } from 'zod';
import { FIXED } from '../fixed-addresses.ts';
import { failuresOf } from '../openapi.ts';
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

const part = (title: string, shape: z.ZodType | undefined): string[] =>
  shape === undefined ? [] : [title, fields(schemaOf(shape), 'sent')];

const section = (call: CallContract): string => {
  const many = call.many === undefined ? '' : `, or a list of up to ${call.many} of them`;
  const strict = call.body !== undefined && schemaOf(call.body).additionalProperties === false;
  return [
    `## ${call.method} ${call.path}`,
    call.summary,
    call.description,
    `Scope: \`${call.scope}\`. Limit: ${limitText(call.limit)}.${call.idempotent ? ' `Idempotency-Key`: yes.' : ''}`,
    ...part('Path:', call.params),
    ...part('Query:', call.query),
    ...part(`Body${many}:${strict ? ' an unknown field is refused.' : ''}`, call.body),
    ...(call.reply === undefined
      ? ['Answer: 204, no body.']
      : [
          `Answer: 200${call.many === undefined ? '' : ', a list where a list was given'}:`,
          fields(schemaOf(call.reply), 'received'),
        ]),
    table(['status', 'when'], Object.entries(failuresOf(call))),
    code('bash', curl(call)),
    ...(call.example.reply === undefined ? [] : [code('json', jsonText(call.example.reply))]),
  ].join('\n\n');
};

interface Fixed {
  readonly get: { readonly summary: string; readonly responses: Readonly<Record<string, { description: string }>> };
}

export const httpPage = (): string =>
  page(
    'HTTP',
    'JSON in, JSON out. The token or key goes in `Authorization: Bearer`, a key also in `X-Api-Key`. Every failure has the body of an `error` frame: see [errors.md](errors.md). The server serves the same as OpenAPI at `/openapi.json`.',
    table(
      ['call', 'scope', 'does'],
      callList.map((call) => [`\`${call.method} ${call.path}\``, call.scope, call.summary]),
    ),
    ...callList.map(section),
    '## Fixed addresses',
    table(
      ['address', 'what', 'answers'],
      Object.entries(FIXED as Readonly<Record<string, Fixed>>).map(([path, { get }]) => [
        `\`GET ${path}\``,
        get.summary,
        Object.entries(get.responses)
          .map(([status, { description }]) => `${status}: ${description}`)
          .join(' '),
      ]),
    ),
  );
