import { describe, expect, it } from 'vitest';
import { forgetToken, keepToken, takeToken, tokenFrom } from './token.js';

const tab = (hash: string) => {
  const kept = new Map<string, string>();
  const addresses: string[] = [];
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const past = {
    replaceState: (_: unknown, __: string, url?: string | URL | null) => void addresses.push(String(url)),
  };
  return { store, past, addresses, place: { hash, pathname: '/', search: '?a=b' } };
};

describe('the token of a tab', () => {
  it('is taken out of the address, and kept', () => {
    const { store, past, addresses, place } = tab('#token=a.b.c');
    expect(takeToken(place, past, store)).toBe('a.b.c');
    expect(addresses).toEqual(['/?a=b']);
    expect(takeToken({ ...place, hash: '' }, past, store)).toBe('a.b.c');
    forgetToken(store);
    expect(takeToken({ ...place, hash: '' }, past, store)).toBeUndefined();
  });

  it.each(['', '#', '#token=', '#other=1'])('is not in %j', (hash) => {
    const { store, past, addresses, place } = tab(hash);
    expect(takeToken(place, past, store)).toBeUndefined();
    keepToken('x', store);
    expect(takeToken(place, past, store)).toBe('x');
    expect(addresses).toEqual([]);
  });

  it.each([
    [' a.b.c\n', 'a.b.c'],
    ['http://127.0.0.1:3001/#token=a.b.c', 'a.b.c'],
    ['http://127.0.0.1:3001/#', undefined],
    ['two words', undefined],
    ['  ', undefined],
  ])('%j, as it was pasted, is %s', (text, token) => {
    expect(tokenFrom(text)).toBe(token);
  });
});
