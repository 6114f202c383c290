import { memoryTable } from '@aideals/core/memory';
import { describe, expect, it } from 'vitest';
import { countedIds, manualClockAt } from '../testing/clock.js';
import { FanOutQueue, type Piece } from './queue.js';

const world = () => {
  const clock = manualClockAt(1_764_039_600_000);
  const ids = countedIds();
  const table = memoryTable(clock);
  const queueOf = () => new FanOutQueue({ table, clock, ids, chance: () => 0 });
  return { clock, queue: queueOf(), queueOf };
};

const named = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `c${from + i}`);
const deal = (offset: number, key = 'dealUpdate:d') => ({ text: `deal ${offset}`, offset, key });

const taken = async (queue: FanOutQueue): Promise<Piece> => {
  const piece = await queue.take();
  if (piece === undefined) throw new Error('nothing waits');
  return piece;
};

describe('a queue of sends', () => {
  it('gives pieces of a bounded size, each to one worker', async () => {
    const { queue, queueOf } = world();
    await queue.add(deal(1), named(1_200));
    const other = queueOf();
    const pieces = [await taken(queue), await taken(other), await taken(queue)];
    expect(pieces.map(({ ids }) => ids.length)).toEqual([500, 500, 200]);
    expect(pieces.flatMap(({ ids }) => ids)).toEqual(named(1_200));
    expect(pieces.every(({ frame }) => frame.text === 'deal 1')).toBe(true);
    expect(await other.take()).toBeUndefined();
    for (const piece of pieces) await queue.done(piece);
    expect(await queue.isEmpty()).toBe(true);
  });

  it('gives messages before deals', async () => {
    const { queue } = world();
    await queue.add(deal(1), named(1));
    await queue.add({ text: 'message' }, named(1));
    const texts = [await taken(queue), await taken(queue)].map(({ frame }) => frame.text);
    expect(texts).toEqual(['message', 'deal 1']);
  });

  it('gives a piece again whose worker was cut off', async () => {
    const { queue, clock } = world();
    await queue.add(deal(1), named(3));
    await taken(queue);
    expect([await queue.take(), (await queue.look()).free]).toEqual([undefined, false]);
    clock.advance(30_000);
    expect((await queue.look()).free).toBe(true);
    expect((await taken(queue)).ids).toEqual(named(3));
  });

  it('leaves a piece to whoever says in time to go on with it, and tells who comes too late', async () => {
    const { queue, queueOf, clock } = world();
    await queue.add(deal(1), named(3));
    const first = await taken(queue);
    clock.advance(20_000);
    const renewed = (await queue.renew(first)) as Piece;
    clock.advance(20_000);
    expect(await queueOf().take()).toBeUndefined();
    clock.advance(20_000);
    const other = await taken(queueOf());
    expect([other.ids, await queue.renew(renewed)]).toEqual([named(3), undefined]);
  });

  it('keeps those who could not be sent to now', async () => {
    const { queue } = world();
    await queue.add(deal(1), named(3));
    await queue.again(await taken(queue), ['c1']);
    expect(await queue.look()).toMatchObject({ count: 1, free: true });
    const rest = await taken(queue);
    expect([rest.ids, rest.frame.text]).toEqual([['c1'], 'deal 1']);
    await queue.done(rest);
    expect(await queue.isEmpty()).toBe(true);
  });

  it('knows who gets a newer state of the same thing', async () => {
    const { queue } = world();
    await queue.add(deal(1), named(600));
    await queue.add(deal(2), named(300, 550));
    await queue.add(deal(3, 'dealUpdate:other'), named(600));
    const newer = await queue.newer(await taken(queue));
    expect([newer?.size, newer?.has('c549'), newer?.has('c550')]).toEqual([300, false, true]);
    await taken(queue);
    expect(await queue.newer(await taken(queue))).toBeUndefined();
  });

  it('does not take a late older state for a newer one', async () => {
    const { queue } = world();
    await queue.add(deal(2), named(3));
    await queue.add(deal(1), named(3));
    expect(await queue.newer(await taken(queue))).toBeUndefined();
    expect((await queue.newer(await taken(queue)))?.size).toBe(3);
  });
});
