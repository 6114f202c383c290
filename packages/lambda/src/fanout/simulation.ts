import { type Bucket, type Frame, type Limiter, type Table, takeFrom } from '@aideals/core';
import { memoryLimiter, memoryTable } from '@aideals/core/memory';
import type { BucketRule } from '@aideals/protocol';
import { managementGateway } from '../gateway/gateway.js';
import type { ManagementApi } from '../gateway/management-api.js';
import { Budget } from './budget.js';
import { createFanOut } from './fan-out.js';
import { bucketOf, limitSeconds, type Quota } from './plan.js';
import { FanOutQueue } from './queue.js';
import { Slots } from './slots.js';
import { VirtualTime } from './virtual-time.js';
import { createWorker } from './worker.js';

export interface Model {
  readonly connections: number;
  readonly quota: Quota;
  /** Calls a second that other APIs of the account make meanwhile. */
  readonly others?: number;
  /** Processor time of a worker for one call, in milliseconds. */
  readonly cpuMs?: number;
  /** How long a call is on its way, in milliseconds, at least and at most. */
  readonly wayMs?: readonly [number, number];
  /** How long DynamoDB takes, in milliseconds. */
  readonly storeMs?: number;
  /** From the start of an invocation to its first line, in milliseconds. */
  readonly startMs?: number;
  /** Frames about the same thing, published one after another, that many milliseconds apart. */
  readonly updates?: { readonly count: number; readonly everyMs: number };
}

export interface Simulated {
  /** From the publish to the last frame, in seconds. */
  readonly seconds: number;
  /** What the quota's share allows at best. */
  readonly limitSeconds: number;
  readonly calls: number;
  /** Calls that API Gateway refused with 429. */
  readonly refused: number;
  readonly delivered: number;
  /** The most workers at once. */
  readonly workers: number;
  /** How many connections have been sent the last frame. */
  readonly upToDate: number;
  /** How many frames had been delivered after each quarter of a second. */
  readonly curve: readonly number[];
}

const START = 1_764_039_600_000;
const ENDS_MS = 60_000;
const QUARTER_MS = 250;

/** Numbers that look like chance, the same in each run. */
const chances = (): (() => number) => {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
};

/** The account's own bucket: what API Gateway answers 429 by. */
const accountBucket = (quota: Quota, others: number, now: () => number) => {
  const rule: BucketRule = bucketOf({ ...quota, perSecond: quota.perSecond - others, share: 1 });
  let bucket: Bucket | undefined;
  return (): boolean => {
    const { taken, bucket: after } = takeFrom(bucket, 1, rule, now());
    bucket = after;
    return taken.ok;
  };
};

/** Every method takes some time. */
const slow = <T extends object>(port: T, wait: () => Promise<void>): T =>
  new Proxy(port, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
      return async (...given: unknown[]) => {
        await wait();
        return method.apply(target, given);
      };
    },
  });

/** The last number known at the end of each quarter of a second. */
const curveOf = (quarters: ReadonlyMap<number, number>): number[] => {
  const curve: number[] = [];
  for (let n = 0; n <= Math.max(-1, ...quarters.keys()); n += 1) curve.push(quarters.get(n) ?? curve.at(-1) ?? 0);
  return curve;
};

/** Fans out to many connections as the functions would, on time that is not real: only the services around are a model. */
export const simulate = async (model: Model): Promise<Simulated> => {
  const { quota, others = 0, cpuMs = 0.6, wayMs = [4, 20], storeMs = 4, startMs = 150 } = model;
  const time = new VirtualTime(START);
  const chance = chances();
  const clock = { now: time.now };
  const takes = accountBucket(quota, others, time.now);
  const store = (): Promise<void> => time.pause(storeMs * (0.5 + chance()));
  const table: Table = slow(memoryTable(clock) as Table, store);
  const limiter: Limiter = slow(memoryLimiter(clock) as Limiter, store);
  const invocations: Promise<void>[] = [];
  const got = new Map<string, string>();
  const quarters = new Map<number, number>();
  let [calls, refused, delivered, workers, most, made, lastAt] = [0, 0, 0, 0, 0, 0, START];

  /** A process with a processor of its own. */
  const process = () => {
    let freeAt = START;
    const api: ManagementApi = {
      async post(id, data) {
        calls += 1;
        freeAt = Math.max(freeAt, time.now()) + cpuMs;
        await time.pause(freeAt - time.now() + wayMs[0] + chance() * (wayMs[1] - wayMs[0]));
        if (!takes()) {
          refused += 1;
          return 'busy';
        }
        delivered += 1;
        lastAt = time.now();
        quarters.set(Math.floor((lastAt - START) / QUARTER_MS), delivered);
        got.set(id, new TextDecoder().decode(data));
        return 'sent';
      },
      delete: async () => true,
      isOpen: async () => true,
    };
    const begun = time.now();
    const deadline = (): number => begun + ENDS_MS;
    const gateway = managementGateway({
      ...{ clock, deadline, chance, pause: time.pause },
      api: () => api,
      createdAt: async () => undefined,
      closed: async () => undefined,
      fault: () => undefined,
    });
    const ids = {
      next: () => {
        made += 1;
        return String(made).padStart(8, '0');
      },
    };
    const queue = new FanOutQueue({ table, clock, ids, chance });
    const budget = new Budget({ limiter, rule: bucketOf(quota), clock });
    const hasTime = (): boolean => time.now() < deadline();
    const send = createWorker({
      ...{ queue, budget, gateway, clock, chance, hasTime, pause: time.pause },
      // No piece takes that long.
      every: () => () => undefined,
      sent: () => undefined,
    });
    const work = async (): Promise<boolean> => {
      workers += 1;
      most = Math.max(most, workers);
      const isLeft = await send();
      workers -= 1;
      return isLeft;
    };
    return createFanOut({
      ...{ gateway, queue, budget, work, deadline },
      slots: new Slots(table, clock),
      canStart: () => true,
      hasTime,
      start: async () => {
        await store();
        invocations.push(worker());
        return true;
      },
      queued: () => undefined,
      left: () => undefined,
    });
  };

  const worker = async (): Promise<void> => {
    await time.pause(startMs);
    await process().work();
  };

  const ids = Array.from({ length: model.connections }, (_, i) => `connection-${i}=`);
  const { count, everyMs } = model.updates ?? { count: 1, everyMs: 0 };
  const frameOf = (n: number): Frame => ({ text: `{"n":${n}}`, offset: n + 1, key: 'dealUpdate:d' });

  const publish = async (): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      await process().gateway.send(ids, frameOf(n));
      if (n < count - 1) await time.pause(everyMs);
    }
    // What is started while others are awaited is awaited too.
    for (const invocation of invocations) await invocation;
  };
  await time.run(publish());
  const last = frameOf(count - 1).text;
  return {
    seconds: (lastAt - START) / 1000,
    limitSeconds: limitSeconds(model.connections, quota),
    calls,
    refused,
    delivered,
    workers: most,
    curve: curveOf(quarters),
    upToDate: [...got.values()].filter((text) => text === last).length,
  };
};
