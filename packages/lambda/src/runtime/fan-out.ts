import type { Clock, Frame, Ids, Limiter, Table } from '@aideals/core';
import type { Config } from '../config/config.js';
import { Budget } from '../fanout/budget.js';
import { createFanOut, type FanOut } from '../fanout/fan-out.js';
import { bucketOf, etaSeconds } from '../fanout/plan.js';
import { FanOutQueue } from '../fanout/queue.js';
import { Slots } from '../fanout/slots.js';
import { createWorker } from '../fanout/worker.js';
import type { ManagementGateway } from '../gateway/gateway.js';
import type { Invocation } from './invocation.js';
import type { Invoker } from './invoker.js';
import type { Meter } from './meter.js';

export interface FanOutParts {
  readonly config: Config;
  readonly table: Table;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly pause: (ms: number) => Promise<void>;
  readonly management: ManagementGateway;
  readonly invocation: Invocation;
  readonly invoker: Invoker;
  readonly meter: Meter;
  readonly left: (frame: Frame) => void;
}

/** What the function `broadcast` is invoked with as a worker. */
export interface WorkEvent {
  readonly fanOut: true;
}

export const isWork = (event: unknown): event is WorkEvent =>
  typeof event === 'object' && event !== null && 'fanOut' in event && event.fanOut === true;

/** A piece takes a second or two, and may be refused for a while. */
const PIECE_MS = 5_000;
/** A list of a thousand events may take longer to send than an invocation may last: so long before its end the rest is queued. */
const QUEUEING_MS = 14_000;

const every = (ms: number, work: () => void): (() => void) => {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
};

/** The planner over the deployment's own table, limiter and functions. */
export const composeFanOut = (
  parts: FanOutParts,
): FanOut & { readonly queue: FanOutQueue; etaSeconds(waiting: number): number } => {
  const { config, table, limiter, clock, ids, pause, management, invocation, invoker, meter, left } = parts;
  const chance = Math.random;
  const quota = { perSecond: config.quotaPerSecond, burst: config.quotaBurst, share: config.quotaShare };
  const queue = new FanOutQueue({ table, clock, ids, chance });
  const budget = new Budget({ limiter, rule: bucketOf(quota), clock });
  const work = createWorker({
    ...{ queue, budget, gateway: management, clock, pause, every, chance },
    hasTime: () => clock.now() + PIECE_MS < invocation.deadline,
    sent: (delivered) => meter.messages(delivered.sent),
  });
  const event: WorkEvent = { fanOut: true };
  const fanOut = createFanOut({
    ...{ gateway: management, queue, budget, work, left },
    slots: new Slots(table, clock),
    canStart: () => config.region !== undefined && invocation.functionName !== undefined,
    hasTime: () => clock.now() + QUEUEING_MS < invocation.deadline,
    start: () => invoker.start(config.broadcastFunction, event),
    deadline: () => invocation.deadline,
    queued: (waiting) => meter.fanoutEta(etaSeconds(waiting, quota)),
  });
  return { ...fanOut, queue, etaSeconds: (waiting) => etaSeconds(waiting, quota) };
};
