import type { DueEvent } from '@aideals/core';
import type { MemorySchedule } from '@aideals/core/memory';

/** `setTimeout` takes no more. */
const LONGEST_MS = 2_147_483_647;
/** Looked at no more seldom than this, so that a clock which jumps is noticed. */
const LOOK_MS = 30_000;

/** The one timer of a server: wakes when the earliest of a schedule is due. */
export class Alarm {
  readonly #now: () => number;
  readonly #ring: (event: DueEvent) => void;
  #schedule: MemorySchedule | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `now` is in Unix milliseconds. */
  constructor(now: () => number, ring: (event: DueEvent) => void) {
    this.#now = now;
    this.#ring = ring;
  }

  start(schedule: MemorySchedule): void {
    this.#schedule = schedule;
    this.set();
  }

  /** The earliest has changed. */
  set(): void {
    clearTimeout(this.#timer);
    const at = this.#schedule?.next();
    if (at === undefined) return;
    const wait = Math.min(Math.max(at - this.#now(), 0), LOOK_MS, LONGEST_MS);
    this.#timer = setTimeout(() => this.#wake(), wait);
    this.#timer.unref();
  }

  stop(): void {
    this.#schedule = undefined;
    clearTimeout(this.#timer);
  }

  #wake(): void {
    for (const event of this.#schedule?.due(this.#now()) ?? []) this.#ring(event);
    this.set();
  }
}
