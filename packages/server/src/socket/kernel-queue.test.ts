import { describe, expect, it } from 'vitest';
import { queueKey } from './kernel-queue.js';

describe('the name of a socket in the tables of the system', () => {
  it.each([
    ['127.0.0.1', 'BB9 0100007F:D431'],
    ['::1', 'BB9 00000000000000000000000001000000:D431'],
    ['::ffff:127.0.0.1', 'BB9 0000000000000000FFFF00000100007F:D431'],
    ['2001:db8::1:2', 'BB9 B80D0120000000000000000002000100:D431'],
  ])('of %s is %s', (remoteAddress, expected) => {
    expect(queueKey({ localPort: 3001, remoteAddress, remotePort: 54_321 })).toBe(`0${expected}`);
  });

  it('is unknown for a socket that is gone', () => {
    expect(queueKey({ localPort: 3001, remoteAddress: undefined, remotePort: undefined })).toBeUndefined();
  });
});
