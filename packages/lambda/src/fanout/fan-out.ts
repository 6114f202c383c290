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
  /** Told of each frame that is left to workers. */
  readonly left: (frame: Frame) => void;
}

export interface FanOut {
  readonly gateway: Gateway;
  /** Works on what waits, in a slot of its own, until nothing is left or the time is over: then another goes on. */
  work(): Promise<void>;
  /** Sees to it that workers come for all that was queued: to be called before an invocation ends. */
  settle(): Promise<void>;
  /** Starts workers where something waits: those that had it may have been cut off. */
  revive(): Promise<number>;
}

/** So long a publisher waits for a connection. */
const SOON_MS = 1_000;

const NO_ONE: Sent = { sent: 0, queued: 0, gone: 0 };

/** Sends to few at once; to many through the queue, by workers that share the bucket. */
export const createFanOut = (options: FanOutOptions): FanOut => {
  const { gateway, queue, budget, slots, canStart, hasTime, start, deadline, queued, left } = options;
  /** Who is sent what is decided one frame after another, so that none is sent before those given earlier. */
  let admission: Promise<unknown> = Promise.resolve();
  /** Whether something was queued since workers were called. */
  let isWaiting = false;
  let hasCalled = false;

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

  /** Workers come for what waits now. */
  const callWorkers = async (): Promise<void> => {
    const { count } = await queue.look();
    queued(count);
    if (count > 0 && !(await startWorkers(workersFor(count)).catch(() => false))) await work();
  };

  const later = async (ids: readonly string[], frame: Frame): Promise<Sent> => {
    if (ids.length === 0) return NO_ONE;
    left(frame);
    await queue.add(frame, ids);
    isWaiting = true;
    // The first of a list gets them going; for what follows it they are called once, at the end.
    if (!hasCalled) {
      hasCalled = true;
      isWaiting = false;
      await callWorkers();
    }
    return { sent: 0, queued: ids.length, gone: 0 };
  };

  /** Whoever does not take it soon is left to workers: one that does not read slows no publisher. */
  const now = async (ids: readonly string[], frame: Frame): Promise<Sent> => {
    const { sent, gone, missed } = await gateway.deliver(ids, frame, SOON_MS);
    const { queued } = await later(missed, frame);
    return { sent, gone, queued };
  };

  const isForNow = async (ids: readonly string[], frame: Frame): Promise<boolean> => {
    if (ids.length > DIRECT || !hasTime()) return false;
    // A message to few does not wait for the bucket: what the share leaves of the quota is for these.
    return (await budget.take(ids.length)) || laneOf(frame) === 'messages';
  };

  return {
    gateway: {
      ...gateway,
      async send(connectionIds, frame) {
        const ids = [...new Set(connectionIds)];
        if (ids.length === 0) return NO_ONE;
        if (!canStart()) return gateway.send(ids, frame);
        const before = admission;
        let admitted: () => void = () => undefined;
        admission = new Promise<void>((resolve) => {
          admitted = resolve;
        });
        let sent: Promise<Sent>;
        try {
          await before;
          sent = (await isForNow(ids, frame)) ? now(ids, frame) : later(ids, frame);
        } finally {
          admitted();
        }
        return sent;
      },
    },
    async settle() {
      const mustCall = isWaiting;
      isWaiting = false;
      hasCalled = false;
      if (mustCall) await callWorkers();
    },
    work,
    async revive() {
      const { count, free } = await queue.look();
      if (free) await startWorkers(workersFor(count));
      return count;
    },
  };
};
