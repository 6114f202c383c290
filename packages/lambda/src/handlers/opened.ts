import type { Clock, Engine } from '@aideals/core';
import type { SleepingDirectory } from '@aideals/store/dynamodb';
import type { Apply } from '../apply.js';

export interface OpenedOptions {
  readonly engine: Pick<Engine, 'opened' | 'due'>;
  readonly directory: Pick<SleepingDirectory, 'load' | 'beginHandover' | 'leaveHandover'>;
  readonly apply: Apply;
  readonly clock: Clock;
  readonly isOpen: (connectionId: string) => Promise<boolean>;
  readonly pause: (ms: number) => Promise<void>;
  /** Names the invocation: the same for its repeats. */
  readonly invocationId: () => string;
  readonly warningSeconds: number;
}

/** A connection is reached only after `$connect` has been answered: it is asked for so long whether it is there. */
const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;

/** Hands over what waits for whoever has just connected, unless a first frame came before. */
export const createOpened = (options: OpenedOptions) => {
  const { engine, directory, apply, clock, isOpen, pause, invocationId, warningSeconds } = options;

  const isReached = async (connectionId: string): Promise<boolean> => {
    const until = clock.now() + PATIENCE_MS;
    for (let wait = FIRST_PAUSE_MS; !(await isOpen(connectionId)); wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      if (clock.now() + wait > until) return false;
      await pause(wait);
    }
    return true;
  };

  /** Who comes with a token that ends before a sweep could tell is told at once. */
  const warn = async (connectionId: string): Promise<void> => {
    const { outcome } = await engine.due({ kind: 'token-expiring', connectionId });
    const loaded = await directory.load(connectionId);
    if (loaded !== undefined) await (await apply.begin(loaded.record, outcome)).finish();
  };

  return async (connectionId: string): Promise<void> => {
    const loaded = await directory.load(connectionId);
    if (loaded === undefined || loaded.handover === 'ended') return;
    // One that is never there is left to a first frame, which proves that it is.
    if (!(await isReached(connectionId))) return;
    const by = invocationId();
    if (!(await directory.beginHandover(connectionId, by))) return;
    const { record } = loaded;
    try {
      const begun = await apply.begin(record, await engine.opened(record));
      if (!(await begun.finish())) await directory.leaveHandover(connectionId, by);
    } catch (error) {
      await directory.leaveHandover(connectionId, by);
      throw error;
    }
    if (record.tokenExp * 1000 - clock.now() <= warningSeconds * 1000) await warn(connectionId);
  };
};
