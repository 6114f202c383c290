import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { eventRow } from './row.js';

const frame = {
  type: 'dealUpdate',
  topic: 'new-deals',
  id: 'k3v9q2m7-1043',
  timestamp: 1_764_039_600,
  data: { title: 'Wireless headphones', price: 129, currency: 'EUR', discountPercentage: 35 },
};
const bare = picocolors.createColors(false);
const row = (given: object, columns = 120): string => eventRow({ ...frame, ...given }, columns, bare);

describe('an event on a terminal', () => {
  it('is one line in columns', () => {
    expect(row({}).replace(/^\d\d:\d\d:\d\d/u, 'HH:MM:SS')).toBe(
      'HH:MM:SS  new-deals       k3v9q2m7-1043     dealUpdate     129.00 EUR   -35%  Wireless headphones',
    );
  });

  it('is cut to the width of the terminal', () => {
    const text = row({ data: { title: 'x'.repeat(300) } }, 100);
    expect(text).toHaveLength(100);
    expect(text.endsWith('x…')).toBe(true);
  });

  it.each([
    [{ name: 'A name' }, 'A name'],
    [{ dealId: 'd-1' }, 'd-1'],
    [{ productId: 'p-1' }, 'p-1'],
    [{ other: true }, '{"other":true}'],
    [{ title: 'two\nlines\u001b[31m' }, 'two�lines�[31m'],
  ])('has a title whatever it holds: %j', (data, title) => {
    expect(row({ data }).endsWith(`  ${title}`)).toBe(true);
  });

  it('is in colour where that is wanted', () => {
    expect(eventRow(frame, 120, picocolors.createColors(true))).toContain('\u001b[36mnew-deals');
  });
});
