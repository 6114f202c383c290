/** What was seen that breaks a promise. A run goes on after it, so that one fault does not hide the others. */
export class Findings {
  readonly #first = new Map<string, string[]>();
  readonly #counts = new Map<string, number>();
  readonly #shown: number;

  /** Keeps the details of the first so many of each kind. */
  constructor(shown = 5) {
    this.#shown = shown;
  }

  /** Holds a promise against what was seen. */
  hold(isKept: boolean, promise: string, detail: () => string): void {
    if (!isKept) this.broken(promise, detail());
  }

  broken(promise: string, detail: string): void {
    this.#counts.set(promise, (this.#counts.get(promise) ?? 0) + 1);
    const details = this.#first.get(promise) ?? [];
    this.#first.set(promise, details);
    if (details.length < this.#shown) details.push(detail);
  }

  get list(): readonly string[] {
    return [...this.#first].map(([promise, details]) => {
      const count = this.#counts.get(promise) ?? 0;
      return `BROKEN: ${promise} (${count} times)\n${details.map((detail) => `    ${detail}`).join('\n')}`;
    });
  }
}
