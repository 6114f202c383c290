import { describe, expect, it } from 'vitest';
import { outsideEvent } from './outside-event.js';

const read = (message: unknown, topic = 'electronics') =>
  outsideEvent(topic, typeof message === 'string' ? message : JSON.stringify(message), 5, 2_000);

describe('a message that was published on the broker', () => {
  it('is an event of the topic that the channel names', () => {
    expect(read({ type: 'priceUpdate', data: { price: 7 }, timestamp: 1_700_000_000 })).toEqual({
      ok: true,
      event: { type: 'priceUpdate', topic: 'electronics', data: { price: 7 }, at: 5 },
    });
    expect(read({ data: {} })).toMatchObject({ ok: true, event: { type: 'dealUpdate' } });
  });

  it('is refused with what is wrong, and nothing of what it says', () => {
    const refused = (message: unknown, topic?: string) => {
      const result = read(message, topic);
      return result.ok ? 'taken' : result.problem;
    };
    expect(refused('secret {')).toBe('is not a JSON object');
    expect(refused([1])).toBe('is not a JSON object');
    expect(refused({ type: 'dealUpdate' })).toMatch(/^data: /u);
    expect(refused({ type: 7, data: {} })).toMatch(/^type: /u);
    expect(refused({ type: 'Not One', data: {} })).toMatch(/^type: must be a lower-case letter/u);
    expect(refused({ type: 'pong', data: {} })).toMatch(/^type: is one of the server/u);
    expect(refused({ type: 'dealUpdate', data: {} }, 'no topic')).toMatch(/^topic: /u);
    expect(refused({ type: 'dealUpdate', data: { text: 'x'.repeat(4_000) } })).toMatch(/over 2000 bytes/u);
  });
});
