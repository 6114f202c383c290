import { attributesOf, compile } from '@aideals/core';
import type { Filters, JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asksFor, hears } from './filters.js';

const word = fc.constantFrom(
  'lamp',
  'LAMP',
  'Büro',
  'usb',
  'c',
  'sale',
  'USB-C',
  'usb c',
  'usbc',
  'Straße',
  'ＳＴＲＡＳＳＥ',
);
const scalar = fc.oneof(fc.constantFrom('books', 'Books', 'toys', ''), fc.integer({ min: -3, max: 60 }), fc.boolean());
const names = ['category', 'price', 'discount', 'discountPercentage', 'min', 'toString', 'inStock'];
const texts = fc
  .tuple(fc.array(word, { maxLength: 4 }), fc.constantFrom('-', ' ', '–', ' - '))
  .map(([words, between]) => words.join(between));

const attributes = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 3 })),
);
const data = fc
  .tuple(attributes, fc.record({ title: texts, description: texts, tags: fc.array(texts) }, { requiredKeys: [] }))
  .map(([some, told]) => ({ ...some, ...told }) as JsonObject);
const bounds = fc.dictionary(
  fc.constantFrom('minPrice', 'maxPrice', 'minDiscount', 'maxDiscount'),
  fc.integer({ min: 0, max: 60 }),
);
const equals = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 3 })),
);
const keywords = fc.record({ keywords: fc.oneof(word, fc.array(word, { minLength: 1 })) }, { requiredKeys: [] });
const filters = fc.tuple(bounds, equals, keywords).map((parts) => Object.assign({}, ...parts) as Filters);

describe('the plain reading of the filters', () => {
  it('agrees with the core’s', () => {
    fc.assert(
      fc.property(filters, data, fc.option(attributes, { nil: undefined }), (wanted, given, overlay) => {
        const event = { data: given, ...(overlay === undefined ? {} : { filters: overlay as JsonObject }) };
        const matches = compile(wanted)(attributesOf(event as Parameters<typeof attributesOf>[0]));
        expect(asksFor(wanted as JsonObject, given, overlay as JsonObject | undefined)).toBe(matches);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['hot', 'hot', true],
    ['hot', 'new-deals', false],
    ['all-deals', 'hot', true],
    ['all-deals', 'all-deals', true],
    ['all-deals', 'price-updates', false],
    ['price-updates', 'price-updates', true],
    ['hot', 'all-deals', false],
  ])('lets %s hear %s: %s', (topic, published, heard) => {
    expect(hears(topic, published)).toBe(heard);
  });
});
