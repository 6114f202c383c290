import type { Frame } from '@aideals/core';
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES } from '@aideals/protocol';
import { encodeBatch, encoded, frameCount } from './encoding.js';

/** The head of a frame of this size, and the brackets; the commas are shorter than the heads that they take the place of. */
const AROUND_BYTES = 6;

/**
 * Makes frames that hold several messages. A burst goes to many connections as the same messages: who takes what the one
 * before took shares its frame.
 */
export class Batcher {
  #frames: Frame[] = [];
  #bytes = 0;
  #last: Frame[] = [];
  #made: Frame | undefined;

  /** Takes a frame into the batch that is being made; false where it does not fit, or holds several messages already. */
  add(frame: Frame, mostBytes: number): boolean {
    const bytes = this.#bytes + encoded(frame).length;
    const fits =
      this.#frames.length < MAX_BATCH_MESSAGES && bytes + AROUND_BYTES <= Math.min(mostBytes, MAX_BATCH_BYTES);
    if (!fits || frameCount(frame) > 1) return false;
    this.#frames.push(frame);
    this.#bytes = bytes;
    return true;
  }

  /** What was added as one frame: a message that is alone as it is. Undefined where nothing was. */
  end(): Frame | undefined {
    const frames = this.#frames;
    this.#bytes = 0;
    if (frames.length <= 1) return frames.pop();
    if (!this.#isLast(frames)) {
      this.#made = encodeBatch(frames);
      this.#frames = this.#last;
      this.#last = frames;
    }
    this.#frames.length = 0;
    return this.#made;
  }

  #isLast(frames: readonly Frame[]): boolean {
    if (frames.length !== this.#last.length) return false;
    for (let i = 0; i < frames.length; i += 1) if (frames[i] !== this.#last[i]) return false;
    return true;
  }
}

/** Frames as the fewest that hold the same messages in the same order. */
export const batchesOf = (frames: readonly Frame[]): readonly Frame[] => {
  const batcher = new Batcher();
  const batches: Frame[] = [];
  const end = (): void => {
    const batch = batcher.end();
    if (batch !== undefined) batches.push(batch);
  };
  for (const frame of frames) {
    if (batcher.add(frame, MAX_BATCH_BYTES)) continue;
    end();
    if (!batcher.add(frame, MAX_BATCH_BYTES)) batches.push(frame);
  }
  end();
  return batches;
};
