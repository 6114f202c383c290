/** `AIDEALS_CONFORMANCE_PATIENCE` stretches all waits, for machines that do much else. */
const PATIENCE = Number(process.env['AIDEALS_CONFORMANCE_PATIENCE'] ?? 1);

/** A bound on a wait as this machine needs it. */
export const patient = (ms: number): number => ms * PATIENCE;

/** How long a wait may take before it is a failure: long enough for a busy machine, since a good run never waits for it. */
export const DEADLINE_MS = 10_000;

/**
 * Waits for something that arrives: looks at once and after each `changed`, and fails past the deadline. Nothing here
 * sleeps.
 */
export class Waiters {
  readonly #looks = new Set<() => void>();
  #ended: string | undefined;

  /** Something arrived. */
  changed(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Nothing will arrive any more; those who wait are told why. */
  end(reason: string): void {
    this.#ended = reason;
    this.changed();
  }

  until<T>(look: () => T | undefined, what: string | (() => string), bound = DEADLINE_MS): Promise<T> {
    const ms = patient(bound);
    const say = () => (typeof what === 'string' ? what : what());
    return new Promise<T>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#looks.delete(attempt);
      };
      const attempt = () => {
        try {
          const found = look();
          if (found !== undefined) {
            done();
            resolve(found);
          } else if (this.#ended !== undefined) {
            done();
            reject(new Error(`waited for ${say()}, but ${this.#ended}`));
          }
        } catch (error) {
          done();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`waited ${ms} ms in vain for ${say()}`));
      }, ms);
      this.#looks.add(attempt);
      attempt();
    });
  }
}
