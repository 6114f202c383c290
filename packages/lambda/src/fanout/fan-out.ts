import type { Frame, Gateway, Sent } from '@aideals/core';
import type { ManagementGateway } from '../gateway/gateway.js';
import type { Budget } from './budget.js';
import { DIRECT, laneOf, workersFor } from './plan.js';
import type { FanOutQueue } from './queue.js';
import type { Slots } from './slots.js';

export interface FanOutOptions {
  readonly gateway: ManagementGateway;
  readonly queue: FanOutQueue;
  readonly budget: Budget;
  readonly slots: Slots;
  readonly work: () => Promise<boolean>;
  /** Whether workers can be started from here: without them all is sent at once. */
  readonly canStart: () => boolean;
  /** Starts a worker in an invocation of its own; false where none can be started from here. */
  readonly start: () => Promise<boolean>;
  /** Whether this invocation has time to send: a list of a thousand events may take longer than it may. */
  readonly hasTime: () => boolean;
  /** Unix milliseconds until which this invocation may work. */
  readonly deadline: () => number;
  /** Told what waits, in all lanes, after more was queued. */
  readonly queued: (waiting: number) => void;
}

export interface FanOut {
  readonly gateway: Gateway;
  /** Works on what waits, in a slot of its own, until nothing is left or the time is over: then another goes on. */
  work(): Promise<void>;
  /** Starts workers where something waits: those that had it may have been cut off. */
  revive(): Promise<number>;
}

/** Sends to few at once; to many through the queue, by workers that share the bucket. */
export const createFanOut = (options: FanOutOptions): FanOut => {
  const { gateway, queue, budget, slots, canStart, hasTime, start, deadline, queued } = options;

  /** One by one: where the first cannot be started, none can. */
  const startWorkers = async (count: number): Promise<boolean> => {
    if (!(await start())) return false;
    await Promise.all(Array.from({ length: count - 1 }, start));
    return true;
  };

  const work = async (): Promise<void> => {
    for (;;) {
      const slot = await slots.take(deadline());
      if (slot === undefined) return;
      let isLeft = false;
      try {
        isLeft = await options.work();
      } finally {
        await slots.leave(slot);
      }
      if (isLeft) {
        await start();
        return;
      }
      // Whoever came while all slots were taken has left it to those that had one.
      if (await queue.isEmpty()) return;
      const { free } = await queue.look();
      if (!free) return;
    }
  };

  const later = async (ids: readonly string[], frame: Frame): Promise<Sent> => {
    if (ids.length === 0) return { sent: 0, queued: 0, gone: 0 };
    await queue.add(frame, ids);
    const { count } = await queue.look();
    queued(count);
    if (!(await startWorkers(workersFor(count)).catch(() => false))) await work();
    return { sent: 0, queued: ids.length, gone: 0 };
  };

  return {
    gateway: {
      ...gateway,
      async send(connectionIds, frame) {
        const ids = [...new Set(connectionIds)];
        if (!canStart()) return gateway.send(ids, frame);
        if (ids.length === 0 || ids.length > DIRECT || !hasTime()) return later(ids, frame);
        // A message to few does not wait for the bucket: what the share leaves of the quota is for these.
        const isPaid = await budget.take(ids.length);
        return isPaid || laneOf(frame) === 'messages' ? gateway.send(ids, frame) : later(ids, frame);
      },
    },
    work,
    async revive() {
      const { count, free } = await queue.look();
      if (free) await startWorkers(workersFor(count));
      return count;
    },
  };
};
