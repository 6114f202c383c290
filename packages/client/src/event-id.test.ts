import { expect, it } from 'vitest';
import { advance, isOlder } from './event-id.js';

it.each([
  ['e-1', 'e-2', true],
  ['e-2', 'e-2', false],
  ['e-10', 'e-9', false],
  ['e-1', 'f-2', false],
  ['nonsense', 'e-2', false],
  ['-1', '-2', false],
])('%s is older than %s: %s', (a, b, older) => {
  expect(isOlder(a, b)).toBe(older);
});

it('a cursor moves on within an epoch, and to another one', () => {
  expect(advance(undefined, 'e-4')).toBe('e-4');
  expect(advance('e-4', 'e-9')).toBe('e-9');
  expect(advance('e-9', 'e-4')).toBe('e-9');
  expect(advance('e-9', 'f-1')).toBe('f-1');
});
