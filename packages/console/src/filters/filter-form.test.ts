import { describe, expect, it } from 'vitest';
import { canAsk, emptyForm, filtersOf, problemsOf, topicOf } from './filter-form.js';

describe('the filters of a form', () => {
  it('are none where nothing is set', () => {
    expect(filtersOf(emptyForm)).toEqual({});
    expect(problemsOf(emptyForm)).toEqual({});
  });

  it('say what is set, in the words of the wire', () => {
    const form = {
      topic: 'new-deals',
      categories: ['technology', 'furniture'],
      minDiscount: 20,
      maxPrice: ' 49,90 ',
      keywords: 'phone, desk  — ',
    };
    expect(filtersOf(form)).toEqual({
      category: ['technology', 'furniture'],
      minDiscount: 20,
      maxPrice: 49.9,
      keywords: ['phone', 'desk'],
    });
    expect(problemsOf(form)).toEqual({});
  });

  it('leave out what is wrong', () => {
    const form = { ...emptyForm, minDiscount: 5, maxPrice: 'cheap', keywords: 'a '.repeat(30) };
    expect(filtersOf(form)).toEqual({ minDiscount: 5, keywords: Array.from({ length: 20 }, () => 'a') });
    expect(canAsk(form)).toBe(true);
  });

  it('are for all deals where no topic is named, and for none where it is no name', () => {
    expect(topicOf({ ...emptyForm, topic: ' ' })).toBe('all-deals');
    expect(canAsk({ ...emptyForm, topic: 'no spaces' })).toBe(false);
  });

  it.each([
    [{ topic: 'no spaces' }, 'topic'],
    [{ maxPrice: 'cheap' }, 'maxPrice'],
    [{ maxPrice: '-1' }, 'maxPrice'],
    [{ keywords: 'a '.repeat(21) }, 'keywords'],
  ])('%j has a problem with its %s', (part, field) => {
    expect(Object.keys(problemsOf({ ...emptyForm, ...part }))).toEqual([field]);
  });
});
