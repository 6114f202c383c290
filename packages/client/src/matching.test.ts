import { describe, expect, it } from 'vitest';
import type { Filters, JsonObject } from './frames.js';
import { compile, keyOf, takes } from './matching.js';

describe('filters, as the server decides them', () => {
  const wanted: Filters = { category: 'electronics', minDiscount: 20 };

  it.each<[Filters, JsonObject, boolean]>([
    [{}, {}, true],
    [wanted, { category: 'electronics', discountPercentage: 35 }, true],
    [wanted, { category: 'electronics', discount: 20 }, true],
    [wanted, { category: 'electronics', discount: 10, discountPercentage: 35 }, false],
    [wanted, { category: 'electronics', discount: null, discountPercentage: 35 }, true],
    [wanted, { category: 'electronics' }, false],
    [wanted, { category: 'Electronics', discount: 35 }, false],
    [{ maxPrice: 10 }, { price: 10 }, true],
    [{ maxPrice: 10 }, { price: '9' }, false],
    [{ maxPrice: 10 }, { price: [11, 9] }, true],
    [{ brand: ['a', 'b'] }, { brand: 'b' }, true],
    [{ brand: 'a' }, { brand: ['c', 'a'] }, true],
    [{ brand: 'a' }, { brand: null }, false],
    [{ stock: true }, { stock: 'true' }, false],
    [{ keywords: 'Noise-free' }, { title: 'A free lunch' }, true],
    [{ keywords: 'head' }, { title: 'Headphones' }, false],
    [{ keywords: ['x', 'WIRELESS'] }, { tags: ['wireless', 'new'] }, true],
    [{ keywords: '7' }, { description: 'for 7 days' }, true],
    [{ keywords: '7' }, { title: 7 }, false],
    [{ keywords: 'WH-1000XM5' }, { title: 'Sony wh1000xm5' }, true],
    [{ keywords: 'wh 1000xm5' }, { title: 'Sony WH1000XM5' }, true],
    [{ keywords: 'wh1000xm5' }, { title: 'Sony WH‑1000XM5' }, true],
    [{ keywords: 'wireless' }, { title: 'wire less' }, false],
    [{ keywords: 'STRASSE' }, { tags: ['Straße'] }, true],
    [{ keywords: 'ｗｉｄｅ' }, { title: 'Wide' }, true],
    [{ toString: 'a' }, {}, false],
  ])('%j against %j: %s', (filters, data, fits) => {
    expect(compile(filters)(data)).toBe(fits);
  });

  it('are one subscription where keys and lists differ only in their order', () => {
    expect(keyOf('t', { a: ['x', 'y', 'x'], b: 1 })).toBe(keyOf('t', { b: 1, a: ['y', 'x'] }));
    expect(keyOf('t', { a: 'x' })).not.toBe(keyOf('t', { a: ['x'] }));
    expect(keyOf('t', { a: '1' })).not.toBe(keyOf('t', { a: 1 }));
    expect(keyOf('t', {})).not.toBe(keyOf('u', {}));
  });
});

it('all-deals takes every topic but price-updates', () => {
  expect(takes('all-deals', 'new-deals')).toBe(true);
  expect(takes('all-deals', 'price-updates')).toBe(false);
  expect(takes('price-updates', 'price-updates')).toBe(true);
  expect(takes('new-deals', 'all-deals')).toBe(false);
});
