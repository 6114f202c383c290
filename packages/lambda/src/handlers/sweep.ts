import type { Clock, Directory, Engine, Telemetry } from '@aideals/core';
import type { Apply } from '../apply.js';
import type { Due, SweepEvent, Timers } from '../runtime/timers.js';

export interface SweepOptions {
  readonly engine: Pick<Engine, 'due' | 'closed'>;
  readonly directory: Pick<Directory, 'get'>;
  readonly apply: Apply;
  readonly timers: Pick<Timers, 'due' | 'passed'>;
  /** Removes some of what is beyond retention; true where more may be left. */
  readonly trim: () => Promise<boolean>;
  readonly clock: Clock;
  /** Whether there is time for more in this invocation. */
  readonly hasTime: () => boolean;
  readonly telemetry: Telemetry;
  readonly errorId: () => string;
}

export interface Swept {
  readonly served: number;
  /** What failed, or was left for want of time: the next sweep meets it again. */
  readonly left: number;
}

const AT_ONCE = 32;

/** Each minute: tokens that end, connections that were never heard to leave, what is beyond retention. */
export const createSweep = (options: SweepOptions) => {
  const { engine, directory, apply, timers, trim, clock, hasTime, telemetry, errorId } = options;

  const serve = async (event: SweepEvent): Promise<void> => {
    if (event.kind === 'ended') {
      await engine.closed(event.connectionId);
      return;
    }
    const { connectionId, outcome } = await engine.due(event);
    const record = connectionId === undefined ? undefined : await directory.get(connectionId);
    if (record !== undefined) await (await apply.begin(record, outcome)).finish();
  };

  /** One that fails is not the others'. */
  const attempt = async ({ event, done }: Due): Promise<boolean> => {
    try {
      await serve(event);
      await done();
      return true;
    } catch (error) {
      telemetry.event({ name: 'internal-error', errorId: errorId(), where: `sweep ${event.kind}`, error });
      return false;
    }
  };

  /** What is due now. */
  const round = async (now: number): Promise<Swept> => {
    const due = await timers.due(now);
    const rest = due.values();
    let served = 0;
    const lane = async (): Promise<void> => {
      for (const each of rest) {
        if (!hasTime()) return;
        if (await attempt(each)) served += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const left = due.length - served;
    if (left === 0) await timers.passed(now);
    return { served, left };
  };

  return async (): Promise<Swept> => {
    let served = 0;
    let last: Swept;
    do {
      last = await round(clock.now());
      served += last.served;
      // What was due may have set what is due too: a token that is past its warning, its end and its grace.
    } while (last.served > 0 && last.left === 0 && hasTime());
    while (hasTime() && (await trim()));
    return { served, left: last.left };
  };
};
