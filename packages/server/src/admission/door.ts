export interface DoorOptions {
  /** How many come in at once. */
  readonly atOnce: number;
  /** How many may wait besides. */
  readonly waiting: number;
  /** How long one waits at most, in milliseconds: shorter than those who knock are patient. */
  readonly patienceMs: number;
}

/** `crowded`: there are too many, or it took too long. `gone`: who knocked left while waiting. */
export type Passage = 'in' | 'crowded' | 'gone';

interface Waiting {
  readonly isGone: () => boolean;
  readonly resolve: (passage: Passage) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * So many connections are opened at once, and others wait in line. When all clients come back at the same time, each that is
 * let in is served while it still waits for it; without a door all would be served a little, and none before its patience
 * ends. Who gave up is passed over at no cost.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #line = new Set<Waiting>();
  #inside = 0;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Resolves when it is one's turn, which is over with `leave`, or when there will be none. */
  enter(isGone: () => boolean): Passage | Promise<Passage> {
    const { atOnce, waiting, patienceMs } = this.#options;
    if (this.#inside < atOnce) {
      this.#inside += 1;
      return 'in';
    }
    if (this.#line.size >= waiting) return 'crowded';
    return new Promise((resolve) => {
      const one: Waiting = {
        isGone,
        resolve,
        timer: setTimeout(() => {
          this.#line.delete(one);
          resolve(isGone() ? 'gone' : 'crowded');
        }, patienceMs),
      };
      this.#line.add(one);
    });
  }

  /** To be called by each that was `in`. */
  leave(): void {
    for (const one of this.#line) {
      this.#line.delete(one);
      clearTimeout(one.timer);
      const isGone = one.isGone();
      one.resolve(isGone ? 'gone' : 'in');
      if (!isGone) return;
    }
    this.#inside -= 1;
  }
}
