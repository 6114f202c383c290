import { type Line, LineSplitter } from '@aideals/server';

/** The lines of a source. */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void, void> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of source) yield* splitter.push(chunk);
  const last = splitter.end();
  if (last !== undefined) yield last;
}
