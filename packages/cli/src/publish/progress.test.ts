import { describe, expect, it } from 'vitest';
import { createProgress, progressLine, summary } from './progress.js';

const tally = { published: 12_000, delivered: 30_000, matched: 31_000, requests: 120, badLines: 0 };

describe('what publish says', () => {
  it('while it goes on', () => {
    expect(progressLine(tally, 3_000)).toBe('12,000 events · 4,000 a second · 30,000 delivered');
    expect(progressLine({ ...tally, badLines: 1 }, 3_000)).toMatch(/ · 1 bad line$/u);
  });

  it('at the end', () => {
    expect(summary(tally, 3_000)).toBe(
      'Published 12,000 events in 120 requests and 3 s (4,000 a second); delivered 30,000 of 31,000 matches.',
    );
    expect(summary({ published: 1, delivered: 1, matched: 1, requests: 1, badLines: 2 }, 41)).toBe(
      'Published 1 event in 1 request and 0 s; delivered 1 of 1 match; 2 bad lines.',
    );
  });
});

describe('the progress line', () => {
  const screen = (isTTY: boolean, columns = 80) => {
    const written: string[] = [];
    return { written, isTTY, columns, write: (text: string) => written.push(text) };
  };

  it('is drawn over, not too often, and gone at the end', () => {
    const to = screen(true);
    let now = 0;
    const progress = createProgress(to, () => now);
    progress.update('one');
    progress.update('two');
    now = 100;
    progress.update('three');
    progress.say('line 7: bad');
    progress.end();
    expect(to.written.join('')).toBe('\r\u001b[Kone\r\u001b[Kthree\r\u001b[Kline 7: bad\nthree\r\u001b[K');
  });

  it('never wraps', () => {
    const to = screen(true, 10);
    createProgress(to, () => 0).update('x'.repeat(30));
    expect(to.written.join('')).toBe(`\r\u001b[K${'x'.repeat(9)}`);
  });

  it('is not there where no one looks', () => {
    const to = screen(false);
    const progress = createProgress(to, () => 0);
    progress.update('one');
    progress.say('line 7: bad');
    progress.end();
    expect(to.written.join('')).toBe('line 7: bad\n');
  });
});
