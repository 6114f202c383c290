const FIRST_MS = 500;
const MOST_MS = 30_000;
/** A node that ran for so long did not fail at its start. */
const SOUND_MS = 10_000;

/** How long to wait before a node that ended is started again: longer each time it ends soon after its start. */
export class Restarts {
  #failed = 0;

  /** `ranMs` is how long its last life was. */
  next(ranMs: number): number {
    this.#failed = ranMs >= SOUND_MS ? 0 : this.#failed + 1;
    return Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, this.#failed - 1));
  }
}
