import { closeCodes } from '@aideals/protocol';
import { describe, expect, it } from 'vitest';
import { closeNoticeFrame } from './close-notice.js';

describe('the notice before a close', () => {
  it.each(Object.keys(closeCodes).map(Number) as (keyof typeof closeCodes)[])('%i tells the code', (code) => {
    expect(JSON.parse(closeNoticeFrame({ code }, 1_764_039_600_999))).toEqual({
      type: 'error',
      data: { code: expect.any(String), message: closeCodes[code].reason, details: { closeCode: code } },
      timestamp: 1_764_039_600,
    });
  });

  it('tells after how long to come back', () => {
    const frame = JSON.parse(closeNoticeFrame({ code: 4029, retryAfter: 12 }, 0));
    expect(frame.data).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { closeCode: 4029, retryAfter: 12 } });
  });
});
