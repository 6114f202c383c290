import { filters as filtersSchema, type JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributesOf, canonical, matches } from './matches.js';

describe('filters', () => {
  const deal = {
    title: 'Wireless Headphones XM5',
    description: 'Über-quiet, noise-cancelling',
    tags: ['audio', 'Travel Gear'],
    category: 'electronics',
    price: 129.5,
    discountPercentage: 35,
    colours: ['black', 'blue'],
    inStock: true,
  } satisfies JsonObject;

  it.each([
    [{}, true],
    [{ category: 'electronics', minDiscount: 20 }, true],
    [{ minDiscount: 35, maxDiscount: 35 }, true],
    [{ minDiscount: 36 }, false],
    [{ category: 'Electronics' }, false],
    [{ category: ['toys', 'electronics'] }, true],
    [{ colours: 'blue' }, true],
    [{ colours: ['green', 'red'] }, false],
    [{ inStock: true }, true],
    [{ inStock: 'true' }, false],
    [{ price: '129.5' }, false],
    [{ maxPrice: 129.5 }, true],
    [{ minRating: 1 }, false],
    [{ minimum: 3 }, false],
    [{ brand: 'x' }, false],
    [{ keywords: 'headphones' }, true],
    [{ keywords: 'HEADPHONES' }, true],
    [{ keywords: ['camera', 'über'] }, true],
    [{ keywords: 'head' }, false],
    [{ keywords: ['gear'] }, true],
    [{ keywords: 'electronics' }, false],
    [{ keywords: 'noisecancelling' }, true],
    [{ keywords: 'UBER' }, false],
    [{ keywords: 'ｕ\u0308ber' }, true],
    [{ keywords: 'wireless-headphones' }, true],
    [{ keywords: 'wirelessheadphones' }, false],
    [{ toString: 'x' }, false],
  ])('%j against a deal: %s', (filters, expected) => {
    expect(filtersSchema.safeParse(filters).success).toBe(true);
    expect(matches(filters as never, deal)).toBe(expected);
  });

  it('look at discount first, and at discountPercentage where it is absent or null', () => {
    expect(matches({ minDiscount: 20 }, { discount: 10, discountPercentage: 50 })).toBe(false);
    expect(matches({ minDiscount: 20 }, { discount: null, discountPercentage: 50 })).toBe(true);
  });

  it('see the data overlaid with the attributes of the event, where null says nothing', () => {
    const event = { data: { category: 'a', discountPercentage: 35 }, filters: { category: 'b', discount: null } };
    expect(attributesOf(event)).toEqual({ category: 'b', discountPercentage: 35 });
    expect(matches({ minDiscount: 20, category: 'b' }, attributesOf(event))).toBe(true);
  });

  it.each([
    [{ minPrice: '3' }, 'minPrice'],
    [{ minPrice: [3] }, 'minPrice'],
    [{ a: [] }, 'a'],
    [{ a: 'x'.repeat(257) }, 'a'],
    [{ a: {} }, 'a'],
    [{ a: null }, 'a'],
    [{ keywords: '!!!' }, 'keywords'],
    [{ keywords: Array.from({ length: 21 }, () => 'w') }, 'keywords'],
    [Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 1])), ''],
  ])('of a wrong shape are refused with their path', (filters, path) => {
    const parsed = filtersSchema.safeParse(filters);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues[0]?.path.join('.')).toContain(path);
  });

  it('that are equal have one canonical text, whatever their order', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const value = fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 5 }));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (filters) => {
        const turned = Object.fromEntries(
          Object.entries(filters)
            .reverse()
            .map(([key, each]) => [key, Array.isArray(each) ? [...each].reverse() : each]),
        );
        expect(canonical(turned)).toBe(canonical(filters));
      }),
    );
  });

  it('with an equality and a bound decide as a plain reading of the rules does', () => {
    const attribute = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('a', 'b'), fc.constant(null));
    const attributes = fc.record({ x: attribute, y: fc.oneof(attribute, fc.array(fc.constantFrom('a', 'b'))) });
    fc.assert(
      fc.property(attributes, fc.integer({ min: 0, max: 5 }), fc.constantFrom('a', 'b'), (given, least, wanted) => {
        const bound = typeof given.x === 'number' && given.x >= least;
        const equal = Array.isArray(given.y) ? given.y.includes(wanted) : given.y === wanted;
        expect(matches({ minX: least, y: wanted }, given)).toBe(bound && equal);
      }),
    );
  });
});
