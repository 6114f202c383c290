import { describe, expect, it } from 'vitest';
import { fit, harmless } from './terminal-text.js';

describe('text of strangers', () => {
  it('cannot command the terminal or reorder the line', () => {
    expect(harmless('a\u001b[2Jb\nc\u009bd\u202ee')).toBe('a�[2Jb�c�d�e');
    expect(harmless('Café 10 € für 日本')).toBe('Café 10 € für 日本');
  });
});

describe('a text in columns', () => {
  it.each([
    ['abc', 5, 'end', 'abc  '],
    ['abc', 5, 'start', '  abc'],
    ['abc', 5, 'none', 'abc'],
    ['abcde', 5, 'end', 'abcde'],
    ['abcdef', 5, 'end', 'abcd…'],
    ['abcdef', 5, 'none', 'abcd…'],
    ['日本語', 6, 'end', '日本語'],
    ['日本語', 5, 'end', '日本…'],
    ['日本語', 4, 'end', '日… '],
    ['ae\u0301', 2, 'end', 'ae\u0301'],
    ['abc', 0, 'end', ''],
  ] as const)('%s in %i, %s', (text, columns, pad, expected) => {
    expect(fit(text, columns, pad)).toBe(expected);
  });
});
