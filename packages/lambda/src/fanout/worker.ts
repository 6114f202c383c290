import type { Clock } from '@aideals/core';
import type { Delivered, ManagementGateway } from '../gateway/gateway.js';
import type { Budget } from './budget.js';
import { CHUNK, withoutConflated } from './plan.js';
import type { FanOutQueue, Piece } from './queue.js';

export interface WorkerOptions {
  readonly queue: Pick<FanOutQueue, 'take' | 'done' | 'again' | 'newer' | 'isEmpty'>;
  readonly budget: Budget;
  readonly gateway: Pick<ManagementGateway, 'deliver'>;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
  readonly chance: () => number;
  /** Whether there is time for another piece in this invocation. */
  readonly hasTime: () => boolean;
  /** Told of each piece that was sent. */
  readonly sent: (delivered: Delivered, piece: Piece) => void;
}

/** How long a worker waits for the bucket before it asks again: other workers take from it too. */
const PAUSE_MS = 30;

/** Sends what waits, piece by piece, as the bucket lets it. True where more was left when the time was over. */
export const createWorker = (options: WorkerOptions): (() => Promise<boolean>) => {
  const { queue, budget, gateway, pause, chance, hasTime, sent } = options;

  /** Sends a piece; tells how many sends it took. */
  const serve = async (piece: Piece): Promise<number> => {
    const ids = withoutConflated(piece.ids, await queue.newer(piece));
    const delivered = await gateway.deliver(ids, piece.frame);
    sent(delivered, piece);
    await (delivered.missed.length === 0 ? queue.done(piece) : queue.again(piece, delivered.missed));
    return ids.length;
  };

  return async () => {
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
        return false;
      }
      budget.giveBack(CHUNK - (await serve(piece)));
    }
    return true;
  };
};
