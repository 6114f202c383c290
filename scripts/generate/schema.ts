/** JSON Schemas of the contracts: what a machine may check before it sends, or after it has received. */
import {
  actions,
  calls,
  clientFrame,
  errorData,
  filters,
  freeObject,
  json,
  MAX_FILTER_KEYS,
  MAX_FILTER_LIST,
  MAX_FILTER_STRING,
  MAX_KEYWORDS,
  pushes,
  serverBatch,
  serverFrame,
} from '@aideals/protocol';
import { z } from 'zod';

/** A JSON Schema, as far as zod writes them. */
export interface Schema {
  $schema?: string;
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  propertyNames?: Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

export type Target = 'draft-2020-12' | 'draft-07';

const TEXT: Schema = { type: 'string', maxLength: MAX_FILTER_STRING };

/** What the filters' own check demands beyond their shape: zod cannot derive it from code. */
const FILTERS: Schema = {
  maxProperties: MAX_FILTER_KEYS,
  properties: {
    keywords: { anyOf: [TEXT, { type: 'array', items: TEXT, minItems: 1, maxItems: MAX_KEYWORDS }] },
  },
  patternProperties: { '^(?:min|max)\\p{Lu}': { type: 'number' } },
  additionalProperties: {
    anyOf: [
      TEXT,
      { type: 'number' },
      { type: 'boolean' },
      {
        type: 'array',
        items: { anyOf: [TEXT, { type: 'number' }, { type: 'boolean' }] },
        minItems: 1,
        maxItems: MAX_FILTER_LIST,
      },
    ],
  },
  description: 'What a deal must fulfil; see the protocol. No filters: everything on the topic.',
};

const replace = (target: object, source: object): void => {
  for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
  Object.assign(target, source);
};

/** Takes out what says nothing: the bounds of a safe integer, that a name is a string, a reference to anything. */
const tidy = (node: unknown, definitions: Readonly<Record<string, Schema>>): void => {
  if (Array.isArray(node)) for (const item of node) tidy(item, definitions);
  else if (typeof node === 'object' && node !== null) {
    const schema = node as Schema;
    if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
    if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
    if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace(/^.*\//u, '');
      if (JSON.stringify(definitions[name]) !== '{}')
        throw new Error(`${name} is a recursive shape: only json may be one`);
      delete schema.$ref;
    }
    for (const child of Object.values(node)) tidy(child, definitions);
  }
};

/**
 * The schema of a contract’s shape as its sender may write it: defaults may be left out, and fields may be added where the
 * shape is not strict.
 */
export const schemaOf = (shape: z.ZodType, target: Target = 'draft-2020-12'): Schema => {
  const made = z.toJSONSchema(shape, {
    io: 'input',
    target,
    override: ({ zodSchema, jsonSchema }) => {
      const of = zodSchema as unknown;
      if (of === json) replace(jsonSchema, {});
      if (of === freeObject)
        replace(jsonSchema, { type: 'object', additionalProperties: true, description: 'Any JSON object.' });
      if (of === filters) replace(jsonSchema, { type: 'object', ...FILTERS });
    },
  });
  const {
    $schema: _,
    $defs,
    definitions,
    ...schema
  } = made as Schema & {
    $defs?: Record<string, Schema>;
    definitions?: Record<string, Schema>;
  };
  tidy(schema, $defs ?? definitions ?? {});
  return schema;
};

const mapped = <T>(of: Readonly<Record<string, T>>, make: (value: T) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value)]));

const optional = (shape: z.ZodType | undefined): Schema | undefined => (shape ? schemaOf(shape) : undefined);

/** `packages/protocol/generated/schema.json`: one object of schemas by kind and name. */
export const schemaDocument = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The wire of aideals',
  $defs: {
    clientFrame: schemaOf(clientFrame),
    serverFrame: schemaOf(serverFrame),
    serverBatch: schemaOf(serverBatch),
    error: schemaOf(errorData),
    actions: {
      $defs: mapped(actions, (action) => ({
        $defs: { data: schemaOf(action.input), ...mapped(action.replies, (reply) => schemaOf(reply as z.ZodType)) },
      })),
    },
    pushes: { $defs: mapped(pushes, (push) => schemaOf(push.data)) },
    calls: {
      $defs: mapped(calls, (call) => ({
        $defs: {
          ...(call.params && { params: optional(call.params) }),
          ...(call.query && { query: optional(call.query) }),
          ...(call.body && { body: optional(call.body) }),
          ...(call.reply && { reply: optional(call.reply) }),
        },
      })),
    },
  },
});
