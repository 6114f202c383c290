import { AidealsError } from '@aideals/client';
import { expect, it } from 'vitest';
import { ageWords, endWords, gapWords, priceWords, wordsOf } from './words.js';

it.each([
  [new AidealsError('AUTHENTICATION_ERROR', 'the token expired'), /does not accept this token \(the token expired\)/],
  [new AidealsError('RATE_LIMIT_EXCEEDED', 'x', { retryAfter: 12 }), /again in 12 seconds\./],
  [new AidealsError('CONNECTION_ERROR', 'x'), /tries again soon/],
  [new AidealsError('VALIDATION_ERROR', 'data.topic: bad'), /refused these filters: data.topic: bad/],
  [new AidealsError('INTERNAL_ERROR', 'x'), /went wrong/],
])('an error is told in words: %s', (error, words) => {
  expect(wordsOf(error)).toMatch(words);
});

it('an end is told in words', () => {
  expect(endWords({ status: 'closed', attempt: 0, closeCode: 4003 })).toMatch(/administrator/);
  expect(endWords({ status: 'closed', attempt: 0, closeCode: 1000 })).toBe('The connection is closed.');
  const error = new AidealsError('AUTHENTICATION_ERROR', 'bad');
  expect(endWords({ status: 'closed', attempt: 0, error })).toMatch(/token/);
});

it('a gap is told in words', () => {
  expect(gapWords({ reason: 'retention', oldest: null })).toMatch(/away for so long/);
  expect(gapWords({ reason: 'epoch', oldest: null })).toMatch(/new log/);
});

it.each([
  [-5000, 'just now'],
  [1999, 'just now'],
  [2000, '2 s ago'],
  [59_999, '59 s ago'],
  [60_000, '1 min ago'],
  [7_200_000, '2 h ago'],
  [200_000_000, '2 d ago'],
])('%i ms is %s', (ms, words) => {
  expect(ageWords(ms)).toBe(words);
});

it('a price is told in its currency', () => {
  expect(priceWords(1234.5, 'EUR')).toBe('€1,234.50');
  expect(priceWords(5, undefined)).toBe('$5.00');
  expect(priceWords(5, 'no currency')).toBe('5.00 no currency');
});
