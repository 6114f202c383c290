/** The time that API Gateway, Lambda’s queue and the schedule go by. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls a task when so many milliseconds have gone by; the function that it gives calls that off. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly at: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  readonly #waiting = new Set<Waiting>();

  constructor(now = Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const waiting = { at: this.#now + ms, task };
    this.#waiting.add(waiting);
    return () => void this.#waiting.delete(waiting);
  }

  /** Calls what comes due on the way, each at its time, also what these set in turn. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#waiting.delete(next);
      this.#now = next.at;
      next.task();
    }
    this.#now = until;
  }

  #next(until: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.at <= until && (next === undefined || waiting.at < next.at)) next = waiting;
    }
    return next;
  }
}
