import { expect, it } from 'vitest';
import { keyOf, keySlot } from './key-slot.js';

it('is the slot that Redis itself gives', () => {
  // As CLUSTER KEYSLOT answers.
  const slots = {
    '123456789': 12739,
    foo: 12182,
    'a{foo}b{bar}': 12182,
    '{}foo': 9500,
    'foo{}{bar}': 8363,
    'é😀': 14663,
  };
  for (const [key, slot] of Object.entries(slots)) expect([key, keySlot(key)]).toEqual([key, slot]);
});

it('is that of the first key of a command', () => {
  expect(keyOf(['EVALSHA', 'sha', '2', 'k', 'other'])).toBe('k');
  expect(keyOf(['SPUBLISH', Buffer.from('c'), 'm'])).toBe('c');
});
