import type { Turns } from '../ports/index.js';

/** `Turns` in memory. A task that runs another one under its own key and awaits it waits for ever. */
export const memoryTurns = () => {
  const last = new Map<string, Promise<void>>();

  return {
    run<T>(key: string, task: () => Promise<T>): Promise<T> {
      const before = last.get(key);
      let finish = (): void => undefined;
      const turn = new Promise<void>((resolve) => {
        finish = resolve;
      });
      // Before the task begins, which may ask for a turn itself.
      last.set(key, turn);
      const done = before === undefined ? (async () => task())() : before.then(task);
      const end = (): void => {
        if (last.get(key) === turn) last.delete(key);
        finish();
      };
      done.then(end, end);
      return done;
    },

    /** Under how many keys something runs or waits. */
    size: (): number => last.size,
  } satisfies Turns & { size(): number };
};
