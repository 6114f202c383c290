import type { RunOptions } from '../run.js';

/** A run in a test: it says nothing, and makes the same choices each time. */
export const quietly: RunOptions = { say: () => undefined, seed: 1 };
