/** A line of the input with its number, counted from 1; or why it could not be read. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: string };

const NEWLINE = 0x0a;

/**
 * Splits bytes into lines, without their ends. Blank lines are left out but counted. Memory stays within one chunk and
 * `maxBytes`, whatever the input: a longer line is skipped to its end and told as a problem, and so is one that is not UTF-8.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void, void> {
  // A TextDecoder leaves out a byte order mark, which some programs write at the start of a file.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  let parts: Uint8Array[] = [];
  let bytes = 0;

  const finish = (last: Uint8Array): Line | undefined => {
    number++;
    const size = bytes + last.byteLength;
    const whole = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    bytes = 0;
    if (size > maxBytes) return { number, problem: `is longer than ${maxBytes} bytes` };
    try {
      const text = decoder.decode(whole);
      return text.trim() === '' ? undefined : { number, text };
    } catch {
      return { number, problem: 'is not UTF-8' };
    }
  };

  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = finish(chunk.subarray(start, end));
      if (line) yield line;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    bytes += rest.byteLength;
    if (bytes > maxBytes) parts = [];
    else if (rest.byteLength > 0) parts.push(rest);
  }
  if (bytes > 0) {
    const line = finish(new Uint8Array());
    if (line) yield line;
  }
}
