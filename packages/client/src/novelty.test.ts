import { describe, expect, it } from 'vitest';
import type { DealEvent, JsonObject } from './frames.js';
import { Novelty } from './novelty.js';

const event = (id: string, data: JsonObject = {}, type = 'dealUpdate'): DealEvent => ({
  type,
  data,
  topic: 't',
  id,
  timestamp: 1,
});

describe('what is new', () => {
  it('is each id once', () => {
    const novelty = new Novelty();
    expect([event('e-1'), event('e-2'), event('e-1')].map((e) => novelty.accepts(e))).toEqual([true, true, false]);
  });

  it('is no older state of a deal or of a product’s price', () => {
    const novelty = new Novelty();
    expect(novelty.accepts(event('e-5', { dealId: 'd' }))).toBe(true);
    expect(novelty.accepts(event('e-4', { dealId: 'd' }))).toBe(false);
    expect(novelty.accepts(event('e-4', { dealId: 'other' }))).toBe(false);
    expect(novelty.accepts(event('e-3', { id: 'other' }))).toBe(true);
    expect(novelty.accepts(event('f-1', { dealId: 'd' }))).toBe(true);
    expect(novelty.accepts(event('e-8', { productId: 7 }, 'priceUpdate'))).toBe(true);
    expect(novelty.accepts(event('e-7', { productId: 7 }, 'priceUpdate'))).toBe(false);
  });

  it('is remembered within bounds', () => {
    const novelty = new Novelty(10);
    for (let i = 1; i <= 100; i += 1) novelty.accepts(event(`e-${i}`));
    expect(novelty.accepts(event('e-91'))).toBe(false);
    expect(novelty.accepts(event('e-1'))).toBe(true);
  });
});
