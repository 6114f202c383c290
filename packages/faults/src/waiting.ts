import { setTimeout as pause } from 'node:timers/promises';

/** How long a wait may take before it is a failure: a good run never waits for it. */
export const DEADLINE_MS = 30_000;

/** How long a whole deployment may take to be well again. */
export const SETTLE_MS = 120_000;

const LOOK_MS = 20;

export class Late extends Error {}

/** Resolves with the promise, or rejects when it takes too long. */
export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** Asks again and again, for what no frame tells, until the answer is there. */
export const poll = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = DEADLINE_MS,
): Promise<T> => {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Late(`asked ${ms} ms in vain for ${what}`);
    await pause(LOOK_MS);
  }
};

/** Something that happens once, and those who wait for it. */
export class Signal<T = void> {
  readonly promise: Promise<T>;
  isDone = false;
  #resolve: (value: T) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  done(value: T): void {
    this.isDone = true;
    this.#resolve(value);
  }
}
