import { describe, expect, it } from 'vitest';
import { announcedBody, channelsOf, decodeAnnouncement, encodeAnnouncement } from './announcement.js';

const event = { type: 'dealUpdate', topic: 'electronics', data: { title: 'a\nb “c”' }, filters: { brand: 'x' }, at: 5 };

describe('an announcement', () => {
  it('comes back as it went', () => {
    expect(decodeAnnouncement(encodeAnnouncement(7, 3, 'e1-7', announcedBody(event)))).toEqual({
      event: { ...event, offset: 7, id: 'e1-7' },
      previous: 3,
    });
  });

  it('is nothing where the bytes are foreign', () => {
    for (const text of ['', 'hello', '7 3 e1-7', '7 3 e1-7\nno json', '7 -1 e1-7\n{}', '\n']) {
      expect(decodeAnnouncement(new TextEncoder().encode(text)), text).toBeUndefined();
    }
  });

  it('goes to its topic, and to all deals unless it is a price', () => {
    expect(channelsOf('electronics')).toEqual(['log:electronics', 'log:all-deals']);
    expect(channelsOf('all-deals')).toEqual(['log:all-deals']);
    expect(channelsOf('price-updates')).toEqual(['log:price-updates']);
  });
});
