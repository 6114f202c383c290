import type { Frame } from '@aideals/core';
import { batchesOf } from './batcher.js';
import { encoded, joinFrames } from './encoding.js';

/** Frames that leave together for all who have nothing else waiting: to an outbox one frame. */
export class Run {
  readonly frames: readonly Frame[];
  readonly bytes: number;
  /** Of the longest one. */
  readonly longest: number;
  #joined: Frame | undefined;
  #batched: Frame | undefined;

  constructor(frames: readonly Frame[]) {
    this.frames = frames;
    const lengths = frames.map((frame) => encoded(frame).length);
    this.bytes = lengths.reduce((sum, length) => sum + length, 0);
    this.longest = Math.max(...lengths);
  }

  /** All of them as one. Joined at the first use: where nobody takes them so, that is spared. */
  get frame(): Frame {
    this.#joined ??= joinFrames(this.frames, this.frames.length);
    return this.#joined;
  }

  /** The same for who takes batches. */
  get batched(): Frame {
    this.#batched ??= joinFrames(batchesOf(this.frames), this.frames.length);
    return this.#batched;
  }
}
