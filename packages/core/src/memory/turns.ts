import type { Turns } from '../ports/index.js';

const settled = (): void => undefined;

/** `Turns` in memory. A task that runs another one under its own key and awaits it waits for ever. */
export const memoryTurns = () => {
  const last = new Map<string, Promise<void>>();

  return {
    run<T>(key: string, task: () => Promise<T>): Promise<T> {
      const before = last.get(key);
      const done = before === undefined ? (async () => task())() : before.then(task);
      const turn = done.then(settled, settled).then(() => {
        if (last.get(key) === turn) last.delete(key);
      });
      last.set(key, turn);
      return done;
    },

    /** Under how many keys something runs or waits. */
    size: (): number => last.size,
  } satisfies Turns & { size(): number };
};
