import type { Sent } from '../ports/index.js';

interface Waiting {
  readonly offset: number;
  readonly resolve: () => void;
  age: number;
}

/** Looks after which a publisher waits no longer: what it appended comes out later, and its answer does not count it. */
const MOST_LOOKS = 3;
/** Outcomes that are kept for publishers under way. */
const KEPT = 4_096;

/** What became of events that this node gave out, for the publishers of this node that are under way. */
export class Outcomes {
  readonly #sent = new Map<number, Sent>();
  #waiting: Waiting[] = [];
  #publishers = 0;

  begin(): void {
    this.#publishers += 1;
  }

  end(): void {
    this.#publishers -= 1;
    if (this.#publishers === 0) this.#sent.clear();
  }

  note(offset: number, sent: Sent): void {
    if (this.#publishers === 0 || (sent.sent === 0 && sent.queued === 0 && sent.gone === 0)) return;
    this.#sent.set(offset, sent);
    if (this.#sent.size <= KEPT) return;
    for (const oldest of this.#sent.keys()) {
      this.#sent.delete(oldest);
      return;
    }
  }

  of(offset: number): Sent | undefined {
    return this.#sent.get(offset);
  }

  /** Resolves when the offset was reached, or when that has taken too long. */
  until(offset: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ offset, resolve, age: 0 });
    });
  }

  reached(offset: number): void {
    if (this.#waiting.length > 0) this.#endWhere((waiting) => waiting.offset <= offset);
  }

  /** To be called at each look. */
  age(): void {
    for (const waiting of this.#waiting) waiting.age += 1;
    this.#endWhere(({ age }) => age >= MOST_LOOKS);
  }

  /** Nothing that is waited for will come. */
  abandon(): void {
    this.#endWhere(() => true);
  }

  #endWhere(isOver: (waiting: Waiting) => boolean): void {
    const over = this.#waiting.filter(isOver);
    if (over.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !over.includes(waiting));
    for (const { resolve } of over) resolve();
  }
}
