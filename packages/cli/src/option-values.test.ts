import { describe, expect, it } from 'vitest';
import { parseCount, parseDuration } from './option-values.js';

describe('times', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['1h', 3_600],
    ['7d', 604_800],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text, '--expires')).toBe(seconds);
  });

  it.each(['', '0', '0h', '-1h', '1.5h', '1w', 'soon', '99999999999999999d'])(
    'refuses %j and names the option',
    (text) => {
      expect(() => parseDuration(text, '--expires')).toThrow(/^--expires .*1h/u);
    },
  );
});

describe('counts', () => {
  it('takes whole numbers in the range', () => {
    expect(parseCount('1000', '--batch', 1, 1000)).toBe(1000);
  });

  it.each(['0', '1001', 'ten', '1e2', '-1', ''])('refuses %j and says the range', (text) => {
    expect(() => parseCount(text, '--batch', 1, 1000)).toThrow(/^--batch .*from 1 to 1000/u);
  });
});
