import { memoryGateway, memoryLimiter, memoryTable } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import type { ManagementGateway } from '../gateway/gateway.js';
import { countedIds, manualClockAt } from '../testing/clock.js';
import { Budget } from './budget.js';
import { createFanOut } from './fan-out.js';
import { bucketOf, etaSeconds, workersFor } from './plan.js';
import { FanOutQueue } from './queue.js';
import { Slots } from './slots.js';
import { createWorker } from './worker.js';

const world = ({ canStart = true, hasTime = true, start = async () => true, perSecond = 10_000 } = {}) => {
  const clock = manualClockAt(1_764_039_600_000);
  const table = memoryTable(clock);
  let started = 0;
  const sent: string[] = [];
  const deaf = new Set<string>();
  /** Those that do not even take a notice. */
  const mute = new Set<string>();
  const expelled: string[] = [];
  /** What the service does to a worker while it sends. */
  let during: (renew: () => void) => Promise<void> = async () => undefined;
  let renew: () => void = () => undefined;
  const waiting: number[] = [];
  const left: (number | undefined)[] = [];
  const deliver: ManagementGateway['deliver'] = async (ids) => {
    const list = [...ids];
    await during(renew);
    const missed = list.filter((id) => deaf.has(id));
    sent.push(...list.filter((id) => !deaf.has(id)));
    return { sent: list.length - missed.length, gone: 0, missed };
  };
  const gateway: ManagementGateway = {
    ...memoryGateway(),
    deliver,
    expel: async (ids) => {
      const all = [...ids];
      expelled.push(...all.filter((id) => !mute.has(id)));
      return all.filter((id) => mute.has(id));
    },
    post: async () => true,
    send: async (ids) => ({ sent: (await deliver(ids, { text: '' }, 0)).sent, queued: 0, gone: 0 }),
  };
  const ids = countedIds();
  const queue = new FanOutQueue({ table, clock, ids, chance: () => 0 });
  const rule = bucketOf({ perSecond, burst: perSecond / 2, share: 0.5 });
  const budget = new Budget({ limiter: memoryLimiter(clock), rule, clock });
  const slots = new Slots(table, clock);
  const work = createWorker({
    ...{ queue, budget, gateway, clock, chance: () => 0.5, hasTime: () => true, sent: () => undefined },
    pause: async (ms) => clock.advance(ms),
    every: (_ms, again) => {
      renew = again;
      return () => {
        renew = () => undefined;
      };
    },
  });
  const fanOut = createFanOut({
    ...{ gateway, queue, budget, slots, work },
    canStart: () => canStart,
    hasTime: () => hasTime,
    start: async () => {
      started += 1;
      return start();
    },
    deadline: () => clock.now() + 20_000,
    queued: (count) => waiting.push(count),
    left: ({ offset }) => left.push(offset),
  });
  const meanwhile = (work: typeof during): void => {
    during = work;
  };
  return { fanOut, queue, slots, clock, sent, deaf, mute, expelled, waiting, left, meanwhile, started: () => started };
};

const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);
const deal = { text: '{}', offset: 1 };

describe('a fan-out', () => {
  it('to few is sent at once', async () => {
    const { fanOut, sent, started } = world();
    expect(await fanOut.gateway.send(['a', 'b', 'a'], deal)).toEqual({ sent: 2, queued: 0, gone: 0 });
    expect([sent, started()]).toEqual([['a', 'b'], 0]);
  });

  it('to many waits for workers, which send to each once', async () => {
    const { fanOut, sent, waiting, started } = world();
    expect(await fanOut.gateway.send(named(5_000), deal)).toEqual({ sent: 0, queued: 5_000, gone: 0 });
    expect([sent.length, waiting, started()]).toEqual([0, [5_000], workersFor(5_000)]);
    await Promise.all([fanOut.work(), fanOut.work(), fanOut.work()]);
    expect(sent.sort()).toEqual(named(5_000).sort());
  });

  it('past the bucket waits, unless it is a message to few', async () => {
    const { fanOut, sent } = world({ perSecond: 100 });
    expect(await fanOut.gateway.send(named(25), deal)).toMatchObject({ sent: 25 });
    expect(await fanOut.gateway.send(named(10), deal)).toMatchObject({ sent: 0, queued: 10 });
    expect(await fanOut.gateway.send(['m'], { text: '{}' })).toMatchObject({ sent: 1 });
    expect(sent).toHaveLength(26);
  });

  it('of a publisher whose time is over waits', async () => {
    const { fanOut, started } = world({ hasTime: false });
    expect(await fanOut.gateway.send([], deal)).toEqual({ sent: 0, queued: 0, gone: 0 });
    expect(await fanOut.gateway.send(['a'], deal)).toEqual({ sent: 0, queued: 1, gone: 0 });
    expect(started()).toBe(1);
  });

  it('of a list calls workers for the first that waits, and once for all others', async () => {
    const { fanOut, started, sent, left, waiting } = world({ hasTime: false });
    await Promise.all(
      [1, 2, 3, 4, 5].map((offset) => fanOut.gateway.send([`c${offset}`], { text: String(offset), offset })),
    );
    expect([started(), left]).toEqual([1, [1, 2, 3, 4, 5]]);
    await fanOut.settle();
    expect([started(), waiting.at(-1)]).toEqual([2, 5]);
    await fanOut.settle();
    expect(started()).toBe(2);
    await fanOut.work();
    expect(sent.sort()).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  });

  it('of a list is begun in its order, also where the bucket is asked in between', async () => {
    const { fanOut, sent } = world();
    const lists = Array.from({ length: 9 }, (_, n) => named(20).map((name) => `${n}-${name}`));
    await Promise.all(lists.map((ids, n) => fanOut.gateway.send(ids, { text: '{}', offset: n + 1 })));
    expect(sent).toEqual(lists.flat());
  });

  it('is done by whoever publishes where no worker can be started', async () => {
    const alone = world({ canStart: false });
    expect(await alone.fanOut.gateway.send(named(1_000), deal)).toEqual({ sent: 1_000, queued: 0, gone: 0 });
    const refused = world({ start: () => Promise.reject(new Error('no such function')) });
    expect(await refused.fanOut.gateway.send(named(1_000), deal)).toMatchObject({ queued: 1_000 });
    expect(refused.sent).toHaveLength(1_000);
  });

  it('leaves whoever does not read to workers, and sends to it when it does', async () => {
    const { fanOut, sent, deaf, left, clock } = world();
    deaf.add('b');
    expect(await fanOut.gateway.send(['a', 'b', 'c'], deal)).toEqual({ sent: 2, queued: 1, gone: 0 });
    expect([sent, left]).toEqual([['a', 'c'], [1]]);
    await fanOut.work();
    expect(await fanOut.revive()).toBe(1);
    deaf.clear();
    clock.advance(10_000);
    await fanOut.work();
    expect([sent, await fanOut.revive()]).toEqual([['a', 'c', 'b'], 0]);
  });

  it('expels whoever has taken nothing for a minute, as soon as that can be told', async () => {
    const { fanOut, deaf, mute, expelled, clock } = world();
    deaf.add('b');
    mute.add('b');
    await fanOut.gateway.send(['b'], deal);
    for (let n = 0; n < 6; n += 1) {
      clock.advance(30_000);
      await fanOut.work();
    }
    expect([expelled, await fanOut.revive()]).toEqual([[], 1]);
    mute.clear();
    clock.advance(600_000);
    await fanOut.work();
    expect([expelled, await fanOut.revive()]).toEqual([['b'], 0]);
  });

  it('is taken up again after its workers were cut off', async () => {
    const { fanOut, queue, clock, started } = world();
    expect([await fanOut.revive(), started()]).toEqual([0, 0]);
    await queue.add(deal, named(600));
    await queue.take();
    await queue.take();
    expect([await fanOut.revive(), started()]).toEqual([600, 0]);
    clock.advance(30_000);
    expect([await fanOut.revive(), started()]).toEqual([600, 1]);
  });

  it('is not taken from a worker that goes on with it, however long that takes', async () => {
    const { fanOut, queue, clock, sent, meanwhile } = world();
    await queue.add(deal, named(3));
    const free: boolean[] = [];
    meanwhile(async (renew) => {
      for (let n = 0; n < 9; n += 1) {
        clock.advance(10_000);
        renew();
        await new Promise(setImmediate);
        free.push((await queue.look()).free);
      }
    });
    await fanOut.work();
    expect(free).toEqual(Array.from({ length: 9 }, () => false));
    expect([sent, await queue.isEmpty()]).toEqual([named(3), true]);
  });

  it('has a bounded number of workers', async () => {
    const { fanOut, queue, slots, clock, sent } = world();
    await queue.add(deal, named(10));
    const taken: (string | undefined)[] = [];
    for (let n = 0; n < 21; n += 1) taken.push(await slots.take(clock.now() + 20_000));
    expect(new Set(taken).size).toBe(21);
    expect(taken.at(-1)).toBeUndefined();
    await fanOut.work();
    expect(sent).toEqual([]);
    clock.advance(26_000);
    await fanOut.work();
    expect(sent).toHaveLength(10);
  });
});

describe('the plan', () => {
  it('tells when what waits will be sent', () => {
    const quota = { perSecond: 10_000, burst: 5_000, share: 0.8 };
    expect(bucketOf(quota)).toEqual({ perMinute: 480_000, burst: 4_000 });
    expect(etaSeconds(4_000, quota)).toBe(0);
    expect(etaSeconds(100_000, quota)).toBe(12);
  });
});
