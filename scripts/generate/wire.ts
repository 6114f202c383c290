/** The client’s types of the wire: plain TypeScript, so that a client carries neither zod nor the contracts. */
import {
  type ActionContract,
  actions,
  type CloseCode,
  closeCodes,
  errorCodes,
  pushes,
  serverFrame,
} from '@aideals/protocol';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { z } from 'zod';
import { HEAD } from './registry.ts';
import { type Schema, schemaOf } from './schema.ts';

/** A schema that json-schema-to-typescript prints as the type it is told. */
type Typed = Schema & { tsType?: string };

const isFilters = (schema: Schema): boolean => schema.patternProperties !== undefined;
const isFree = (schema: Schema): boolean => schema.type === 'object' && schema.additionalProperties === true;

/** Names what has a name, and takes out what a type cannot say. */
const typed = (schema: Schema): Typed => {
  const description = schema.description === undefined ? {} : { description: schema.description };
  if (isFilters(schema)) return { ...description, tsType: 'Filters' };
  if (isFree(schema)) return { tsType: 'JsonObject' };
  if (schema.properties && Object.keys(schema.properties).length === 0) return { tsType: 'Record<string, never>' };
  const { pattern: _, default: preset, minItems: _min, maxItems: _max, ...kept } = schema;
  const made: Typed = { ...kept };
  if (preset !== undefined) {
    made.description = `${schema.description ?? ''} Default: \`${JSON.stringify(preset)}\`.`.trimStart();
  }
  if (schema.properties) {
    made.properties = Object.fromEntries(Object.entries(schema.properties).map(([k, v]) => [k, typed(v)]));
    made.additionalProperties = typeof schema.additionalProperties === 'object';
  }
  if (schema.items) made.items = typed(schema.items);
  if (schema.anyOf) made.anyOf = schema.anyOf.map(typed);
  return made;
};

const STYLE = { parser: 'typescript', printWidth: 120, singleQuote: true } as const;

const interfaceOf = async (
  name: string,
  description: string,
  properties: Record<string, Schema>,
  required: readonly string[] = Object.keys(properties),
): Promise<string> => {
  const schema = { title: name, description, type: 'object', properties, required, additionalProperties: false };
  const printed = await compile(schema as unknown as JSONSchema, name, { bannerComment: '', style: STYLE });
  return printed.replace(/\/\*\*\n\s*\* (.*)\n\s*\*\//gu, '/** $1 */');
};

const named = (schema: z.ZodType, summary: string): Schema => ({ ...typed(schemaOf(schema)), description: summary });

const replyOf = (contract: ActionContract): Schema => ({
  anyOf: Object.entries(contract.replies).map(([type, data]) => ({
    type: 'object',
    properties: { type: { const: type }, data: typed(schemaOf(data)) },
    required: ['type', 'data'],
    additionalProperties: false,
  })),
});

const ADVICE = [...new Set(Object.values(closeCodes).map((code) => code.advice))].sort();

/** `packages/client/src/generated/wire.ts`. */
export const wire = async (): Promise<string> => {
  const actionList = Object.values(actions) as ActionContract[];
  const frame = typed(schemaOf(serverFrame));
  const union = (values: readonly string[]): string => values.map((v) => `\n  | '${v}'`).join('');
  return [
    HEAD.trimEnd(),
    '',
    'type Json = null | boolean | number | string | Json[] | { [key: string]: Json };',
    'type JsonObject = { [key: string]: Json };',
    'type FilterScalar = string | number | boolean;',
    'type Filters = { [key: string]: FilterScalar | FilterScalar[] };',
    '',
    await interfaceOf(
      'ActionDataMap',
      'What a client may send as `data`, by action.',
      Object.fromEntries(actionList.map((a) => [a.action, named(a.input, a.summary)])),
    ),
    await interfaceOf(
      'ActionReplyMap',
      'What may answer, by action.',
      Object.fromEntries(actionList.map((a) => [a.action, replyOf(a)])),
    ),
    await interfaceOf(
      'PushMap',
      'The `data` of what the server pushes, by type.',
      Object.fromEntries(Object.values(pushes).map((p) => [p.type, named(p.data, p.summary)])),
    ),
    await interfaceOf('ServerFrame', 'Server to client.', frame.properties ?? {}, frame.required),
    `/** The codes of an \`error\` frame. */\nexport type ErrorCode =${union(errorCodes)};\n`,
    `/** When to come back after a close. */\nexport type Advice =${union(ADVICE)};\n`,
    '/** What each close code advises. */',
    'export const closeAdvice: Readonly<Record<number, Advice>> = {',
    ...Object.entries(closeCodes as Readonly<Record<number, CloseCode>>).map(
      ([c, { advice }]) => `  ${c}: '${advice}',`,
    ),
    '};',
    '',
    '/** Every action. */',
    'export const actionNames: readonly (keyof ActionDataMap)[] = [',
    ...actionList.map(({ action }) => `  '${action}',`),
    '];',
    '',
  ].join('\n');
};
