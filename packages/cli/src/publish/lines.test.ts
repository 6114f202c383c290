import type { Line } from '@aideals/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from './lines.js';

const read = async (chunks: readonly (string | Uint8Array)[], maxBytes = 1000): Promise<Line[]> => {
  const source = async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  };
  const lines: Line[] = [];
  for await (const line of readLines(source(), maxBytes)) lines.push(line);
  return lines;
};

describe('lines of the input', () => {
  it('are numbered from 1, blank ones counted and left out, the last one read without an end', async () => {
    expect(await read(['a\n\n  \r\nb\r\nc'])).toEqual([
      { number: 1, text: 'a' },
      { number: 4, text: 'b\r' },
      { number: 5, text: 'c' },
    ]);
  });

  it('are none in an empty input', async () => {
    expect(await read([])).toEqual([]);
    expect(await read(['\n\n'])).toEqual([]);
  });

  it('begin after a byte order mark', async () => {
    expect(await read([new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x0a])])).toEqual([{ number: 1, text: 'a' }]);
  });

  it('over the bound are told and skipped, also over many chunks', async () => {
    expect(await read(['ok\n', 'x'.repeat(6), 'x'.repeat(6), 'x\nnext\n', 'y'.repeat(11)], 10)).toEqual([
      { number: 1, text: 'ok' },
      { number: 2, problem: 'is longer than 10 bytes' },
      { number: 3, text: 'next' },
      { number: 4, problem: 'is longer than 10 bytes' },
    ]);
  });

  it('that are not UTF-8 are told', async () => {
    expect(await read([new Uint8Array([0xff, 0x0a, 0x61])])).toEqual([
      { number: 1, problem: 'is not UTF-8' },
      { number: 2, text: 'a' },
    ]);
  });

  it('do not depend on where the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 7 }),
        async (texts, size) => {
          const bytes = Buffer.from(texts.join('\n'));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
          expect(await read(chunks, 1_000_000)).toEqual(await read([bytes], 1_000_000));
        },
      ),
    );
  });
});
