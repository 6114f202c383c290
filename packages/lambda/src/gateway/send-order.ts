/** What is sent to one connection goes one after another, so that it arrives in the order given. */
export class SendOrder {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(connectionId: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(connectionId);
    const done = before === undefined ? task() : before.then(task, task);
    this.#tails.set(connectionId, done);
    const leave = (): void => {
      if (this.#tails.get(connectionId) === done) this.#tails.delete(connectionId);
    };
    done.then(leave, leave);
    return done;
  }
}
