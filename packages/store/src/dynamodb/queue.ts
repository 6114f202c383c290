/** Runs tasks of one key one after another, in the order given, whatever becomes of those before. */
export class Queues {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const done = before.then(task, task);
    this.#tails.set(key, done);
    const leave = (): void => {
      if (this.#tails.get(key) === done) this.#tails.delete(key);
    };
    done.then(leave, leave);
    return done;
  }
}
