import { describe, expect, it } from 'vitest';
import { readFrames } from '../testing/read-frames.js';
import { conflatedFrame, encoded, encodePong, encodeText, pingFrame } from './encoding.js';

describe('a frame', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %i bytes is read as it was written', (length) => {
    const text = 'é'.repeat(length / 2) + 'x'.repeat(length % 2);
    expect(Buffer.byteLength(text)).toBe(length);
    const bytes = encodeText(text);
    expect(bytes.length - length).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    expect(readFrames(Buffer.concat([bytes, encodeText('next')])).messages).toEqual([text, 'next']);
  });

  it('is encoded once', () => {
    const frame = { text: '{"type":"pong"}' };
    expect(encoded(frame)).toBe(encoded(frame));
  });

  it('of a slow receiver says how many made room', () => {
    const bytes = encoded(conflatedFrame({ text: '{"type":"dealUpdate","data":{}}' }, 7));
    expect(readFrames(bytes).messages.map((text) => JSON.parse(text))).toEqual([
      { type: 'dealUpdate', data: {}, conflated: 7 },
    ]);
  });

  it('may be a ping or a pong', () => {
    expect(readFrames(Buffer.concat([pingFrame, encodePong(Buffer.from('now'))]))).toMatchObject({
      pings: 1,
      pongs: ['now'],
    });
  });
});
