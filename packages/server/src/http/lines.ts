import type { Readable } from 'node:stream';
import type { CallResponse, Line, LineIntake } from '@aideals/core';
import { LineSplitter } from './line-splitter.js';

/** A list of lines that is published at once: some milliseconds of work, and one flush. */
const MOST_LINES = 250;
const MOST_BYTES = 262_144;

/** What is read and dropped of the rest when the answer is known early: who is cut off while sending may not see it. */
const MOST_DROPPED = 4_194_304;

const sizeOf = (line: Line): number => ('text' in line ? line.text.length : 0);

export interface LineOptions {
  /** Of one line. */
  readonly maxBytes: number;
  /**
   * Whether lists end where the lines say, and not where the sender pauses: then a repeat of the stream comes in the same lists.
   */
  readonly isKeyed: boolean;
}

/** Lines that wait to be published. */
class Waiting {
  readonly #intake: LineIntake;
  #lines: Line[] = [];
  #bytes = 0;

  constructor(intake: LineIntake) {
    this.#intake = intake;
  }

  get isFull(): boolean {
    return this.#lines.length >= MOST_LINES || this.#bytes >= MOST_BYTES;
  }

  add(line: Line): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
  }

  /** An answer where the stream is to end here. */
  async publish(): Promise<CallResponse | undefined> {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return lines.length === 0 ? undefined : this.#intake.take(lines);
  }
}

/**
 * Publishes a body line by line: while a list is under way nothing more is read, so that a sender is never ahead by more than
 * what the sockets hold. Lines go out as they come: a list is what has come, up to a bound.
 */
export const takeLines = async (body: Readable, intake: LineIntake, options: LineOptions): Promise<CallResponse> => {
  const { maxBytes, isKeyed } = options;
  const splitter = new LineSplitter(maxBytes);
  const waiting = new Waiting(intake);
  let answer: CallResponse | undefined;
  let dropped = 0;

  const take = async (chunk: Uint8Array): Promise<CallResponse | undefined> => {
    for (const line of splitter.push(chunk)) {
      waiting.add(line);
      const ended = waiting.isFull ? await waiting.publish() : undefined;
      if (ended !== undefined) return ended;
    }
    return isKeyed ? undefined : waiting.publish();
  };

  // The answer goes out on the same socket: the stream is left, and not destroyed.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    if (answer === undefined) answer = await take(chunk);
    else dropped += chunk.byteLength;
    if (dropped > MOST_DROPPED) break;
  }
  if (answer !== undefined) return answer;
  const last = splitter.end();
  if (last !== undefined) waiting.add(last);
  return (await waiting.publish()) ?? intake.end();
};
