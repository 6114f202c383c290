/** What of the messages that others published was not taken. */
export interface IntakeSummary {
  /** Messages that are no event. */
  readonly broken: number;
  /** What was wrong with the last of them; nothing of what it said. */
  readonly problem?: string;
  /** Messages that came too late to know whether another node took them. */
  readonly late: number;
  /** Messages that were given up: Redis refused, or too many waited. */
  readonly lost: number;
  /** Why the last of them was. */
  readonly error?: unknown;
}

const MINUTE_MS = 60_000;

const NOTHING: IntakeSummary = { broken: 0, late: 0, lost: 0 };

/** Counts, and tells at most once a minute: the first at once, those that come after it together. */
export class IntakeReport {
  readonly #tell: (summary: IntakeSummary) => void;
  #summary = NOTHING;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (summary: IntakeSummary) => void) {
    this.#tell = tell;
  }

  broken(problem: string): void {
    this.#add({ broken: this.#summary.broken + 1, problem });
  }

  late(count: number): void {
    if (count > 0) this.#add({ late: this.#summary.late + count });
  }

  lost(count: number, error: unknown): void {
    this.#add({ lost: this.#summary.lost + count, error });
  }

  /** Tells what is left. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flush();
  }

  #add(more: Partial<IntakeSummary>): void {
    this.#summary = { ...this.#summary, ...more };
    if (this.#timer !== undefined) return;
    this.#flush();
    this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#flush()) this.#wait();
    }, MINUTE_MS);
    this.#timer.unref();
  }

  #flush(): boolean {
    if (this.#summary === NOTHING) return false;
    const summary = this.#summary;
    this.#summary = NOTHING;
    this.#tell(summary);
    return true;
  }
}
