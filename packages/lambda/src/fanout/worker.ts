import type { Clock } from '@aideals/core';
import type { Delivered, ManagementGateway } from '../gateway/gateway.js';
import type { Budget } from './budget.js';
import { CHUNK, withoutConflated } from './plan.js';
import { type FanOutQueue, type Piece, RENEW_MS } from './queue.js';

export interface WorkerOptions {
  readonly queue: Pick<FanOutQueue, 'take' | 'renew' | 'done' | 'again' | 'newer' | 'isEmpty'>;
  readonly budget: Budget;
  readonly gateway: Pick<ManagementGateway, 'deliver' | 'expel'>;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
  /** Does something each time that so many milliseconds are over, until what it gives is called. */
  readonly every: (ms: number, work: () => void) => () => void;
  readonly chance: () => number;
  /** Whether there is time for another piece in this invocation. */
  readonly hasTime: () => boolean;
  /** Told of each piece that was sent. */
  readonly sent: (delivered: Delivered, piece: Piece) => void;
}

/** How long a worker waits for the bucket before it asks again: other workers take from it too. */
const PAUSE_MS = 30;

/** So long a piece waits for a connection that is refused. */
const PATIENCE_MS = 3_000;
/** Of those that were refused, so many are taken for ones that do not read. */
const FEW = 16;
/** They are asked again after this, and then less and less often. */
const REST_MS = 5_000;
/** A connection that has not taken a frame for so long is ended when it takes that: its client comes back and resumes. */
const STALLED_MS = 60_000;

/** Sends what waits, piece by piece, as the bucket lets it. True where more was left when the time was over. */
export const createWorker = (options: WorkerOptions): (() => Promise<boolean>) => {
  const { queue, budget, gateway, clock, pause, every, chance, hasTime, sent } = options;

  /** When (Unix milliseconds) pieces that rest for a short time are to be taken again: by whoever left them, unless another comes. Others are left to the sweep. */
  const rests: number[] = [];

  /** Does what a piece asks for, however long it takes: no other worker comes to have it meanwhile. */
  const holding = async <T>(piece: Piece, send: () => Promise<T>): Promise<T> => {
    let mine: Piece | undefined = piece;
    let renewal: Promise<void> = Promise.resolve();
    const renew = async (): Promise<void> => {
      mine = mine && (await queue.renew(mine));
    };
    const stop = every(RENEW_MS, () => {
      // Where that fails, others may send some of it once more: that is all that is lost.
      renewal = renewal.then(renew).catch(() => undefined);
    });
    try {
      return await send();
    } finally {
      stop();
      await renewal;
    }
  };

  /** Sends a piece; tells how many sends it took. */
  const serve = async (piece: Piece): Promise<number> => {
    const ids = withoutConflated(piece.ids, await queue.newer(piece));
    const delivered = await holding(piece, () => gateway.deliver(ids, piece.frame, PATIENCE_MS));
    sent(delivered, piece);
    const age = clock.now() - piece.at;
    const left = age < STALLED_MS ? delivered.missed : await gateway.expel(delivered.missed);
    if (left.length === 0) await queue.done(piece);
    else {
      // Many at once were refused since the quota was used up; a few do not read, and are not asked all the time.
      const restMs = left.length > FEW ? 0 : Math.max(REST_MS, age / 2);
      await queue.again(piece, left, restMs);
      if (restMs === REST_MS) rests.push(clock.now() + restMs);
    }
    return ids.length;
  };

  return async () => {
    rests.length = 0;
    while (hasTime()) {
      if (await queue.isEmpty()) return false;
      // The bucket first, then the choice: what came meanwhile in a lane above goes before.
      while (!(await budget.take(CHUNK))) {
        if (!hasTime()) return true;
        await pause(PAUSE_MS * (0.5 + chance()));
      }
      const piece = await queue.take();
      if (piece === undefined) {
        budget.giveBack(CHUNK);
        const due = rests.shift();
        if (due === undefined) return false;
        await pause(Math.max(0, due - clock.now()));
        continue;
      }
      budget.giveBack(CHUNK - (await serve(piece)));
    }
    return true;
  };
};
