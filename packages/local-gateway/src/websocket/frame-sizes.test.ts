import { describe, expect, it } from 'vitest';
import { FrameSizes } from './frame-sizes.js';

const frame = (opcode: number, fin: boolean, length: number, isMasked = true): Buffer => {
  const first = (fin ? 0x80 : 0) | opcode;
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([first, mask | 127]), Buffer.alloc(8)]);
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc((isMasked ? 4 : 0) + length)]);
};

const [text, continuation, ping] = [1, 0, 9];

const found = (bytes: Buffer, step: number): number | undefined => {
  const sizes = new FrameSizes(200);
  for (let at = 0; at < bytes.length; at += step) sizes.push(bytes.subarray(at, at + step));
  return sizes.tooLongIn;
};

describe.each([1, 7, 1_000_000])('in pieces of %s bytes', (step) => {
  it.each([
    ['none', [frame(text, true, 200), frame(text, true, 0), frame(ping, true, 125)], undefined],
    ['the first', [frame(text, true, 201)], 0],
    ['a later one', [frame(text, true, 5), frame(text, true, 125), frame(text, true, 126), frame(text, true, 201)], 3],
    [
      'a fragment',
      [frame(text, true, 5), frame(text, false, 5), frame(ping, true, 5), frame(continuation, true, 70_000)],
      1,
    ],
    ['no fragments that are over it together', [frame(text, false, 150), frame(continuation, true, 150)], undefined],
    ['one that is not masked', [frame(text, true, 3, false), frame(text, true, 201, false)], 1],
  ])('finds %s', (_title, frames, expected) => {
    expect(found(Buffer.concat(frames), step)).toBe(expected);
  });
});

it('knows it by the head alone', () => {
  const sizes = new FrameSizes(200);
  sizes.push(frame(text, true, 70_000).subarray(0, 10));
  expect(sizes.tooLongIn).toBe(0);
});
