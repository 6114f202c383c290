import type { JsonObject } from '@aideals/protocol';
import fc from 'fast-check';

/** Any text a JSON document can hold, lone surrogates among it. */
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\udfff', '\u0000', '__proto__'));

/** Any JSON object, as a parser would make it: also one with a key of its own named `__proto__`. */
export const anyObject: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.array(fc.tuple(anyText, fc.oneof(anyText, fc.jsonValue({ stringUnit: 'binary' }))), { maxLength: 4 }))
  .map(([entries]) => {
    const fields = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    return JSON.parse(`{${fields.join(',')}}`) as JsonObject;
  });
