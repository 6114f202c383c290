import { readFileSync } from 'node:fs';
import { type ActionContract, actions, type CallContract, calls, pushes } from '@aideals/protocol';
import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { exchanges } from './generate/examples.ts';

const text = (name: string): string =>
  readFileSync(new URL(`../packages/protocol/generated/${name}`, import.meta.url), 'utf8');

const WARNING = 1;

describe('the AsyncAPI document', () => {
  test('is valid, without a warning', async () => {
    const { document, diagnostics } = await new Parser().parse(text('asyncapi.json'));
    // The rest are hints, of which one asks for a newer version than tools read today.
    const found = diagnostics.filter((d) => d.severity <= WARNING);
    expect(found.map((d) => `${d.path.join('/')}: ${d.message}`)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    expect(
      document
        ?.messages()
        .all()
        .map((m) => m.name()),
    ).toEqual(expect.arrayContaining([...Object.keys(actions), ...Object.keys(pushes), 'error']));
  });
});

describe('the OpenAPI document', () => {
  test('is valid', async () => {
    const result = await new Validator().validate(JSON.parse(text('openapi.json')) as Record<string, unknown>);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  test('has every call', () => {
    const { paths } = JSON.parse(text('openapi.json')) as { paths: Record<string, Record<string, unknown>> };
    for (const call of Object.values(calls)) expect(paths[call.path]).toHaveProperty(call.method.toLowerCase());
  });
});

describe('the JSON Schemas', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  ajv.addSchema(JSON.parse(text('schema.json')) as object, 'wire');
  const failures = (pointer: string, value: unknown): string => {
    const validate = ajv.getSchema(`wire#/$defs/${pointer}`);
    if (validate === undefined) return `no schema at ${pointer}`;
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  };

  test.each(Object.values(actions) as ActionContract[])('hold for the examples of $action', (contract) => {
    for (const { sent, received } of exchanges(contract)) {
      expect(failures('clientFrame', sent)).toBe('');
      expect(failures('serverFrame', received)).toBe('');
      expect(failures(`actions/$defs/${contract.action}/$defs/data`, sent['data'] ?? {})).toBe('');
      expect(failures(`actions/$defs/${contract.action}/$defs/${String(received['type'])}`, received['data'])).toBe('');
    }
  });

  test.each(Object.values(pushes))('hold for the example of $type', (push) => {
    expect(failures(`pushes/$defs/${push.type}`, push.example)).toBe('');
  });

  test.each(Object.values(calls) as CallContract[])('hold for the example of $call', (call) => {
    const parts = { params: call.params, query: call.query, body: call.body, reply: call.reply };
    for (const [part, shape] of Object.entries(parts)) {
      if (shape === undefined) continue;
      // A query may be left out.
      const example = call.example[part as keyof typeof parts] ?? (part === 'query' ? {} : undefined);
      expect(failures(`calls/$defs/${call.call}/$defs/${part}`, example)).toBe('');
    }
  });

  test.each([
    ['a bound that is not a number', { filters: { minDiscount: '20' } }],
    ['a misspelt field', { filter: { category: 'electronics' } }],
    ['a topic with a space', { topic: 'no spaces' }],
  ])('refuse %s', (_, data: object) => {
    expect(failures('actions/$defs/subscribeToDeals/$defs/data', data)).not.toBe('');
  });
});
