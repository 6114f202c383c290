import type { ClusterNode } from '@aideals/core';

const BEAT_MS = 1_000;

/** The beat of a node among others, once a second. */
export class Beats {
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(node: ClusterNode | undefined) {
    if (node === undefined) return;
    this.#timer = setInterval(() => void node.beat(), BEAT_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
