/** Functions by name. One that throws disturbs no other, and its error is reported as an uncaught one. */
export class Listeners {
  readonly #byName = new Map<string, Set<(argument: never) => void>>();

  /** Returns the function that takes it off again. */
  add(name: string, listener: (argument: never) => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(name: string, argument: unknown): void {
    for (const listener of [...(this.#byName.get(name) ?? [])]) {
      try {
        (listener as (argument: unknown) => void)(argument);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
