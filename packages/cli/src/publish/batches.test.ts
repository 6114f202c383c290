import { describe, expect, it } from 'vitest';
import { inBatches } from './batches.js';

const bounds = { items: 3, bytes: 100 };
const one = (): number => 1;

const of = async function* <T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
};

const collect = async <T>(batches: AsyncIterable<readonly T[]>): Promise<T[][]> => {
  const all: T[][] = [];
  for await (const batch of batches) all.push([...batch]);
  return all;
};

describe('batches', () => {
  it('are full where the source has enough, and keep its order', async () => {
    expect(await collect(inBatches(of([1, 2, 3, 4, 5, 6, 7]), one, bounds))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it('are none of nothing', async () => {
    expect(await collect(inBatches(of([]), one, bounds))).toEqual([]);
  });

  it('keep to the bytes, but let a single larger item through alone', async () => {
    expect(await collect(inBatches(of([60, 60, 20, 20, 300, 1]), (size) => size, bounds))).toEqual([
      [60],
      [60, 20, 20],
      [300],
      [1],
    ]);
  });

  it('do not wait to be full: a slow source goes out as it comes', async () => {
    let come: ((item: number) => void) | undefined;
    const source = async function* () {
      for (;;) {
        yield await new Promise<number>((resolve) => {
          come = resolve;
        });
      }
    };
    const batches = inBatches(source(), one, bounds);
    const first = batches.next();
    come?.(1);
    expect(await first).toEqual({ done: false, value: [1] });
    const second = batches.next();
    come?.(2);
    expect(await second).toEqual({ done: false, value: [2] });
  });

  it('do not read further than a batch ahead of what was taken', async () => {
    let read = 0;
    const source = async function* () {
      for (let i = 0; i < 1000; i++) {
        read++;
        yield i;
      }
    };
    const batches = inBatches(source(), one, bounds);
    await batches.next();
    expect(read).toBeLessThanOrEqual(6);
    await batches.next();
    expect(read).toBeLessThanOrEqual(9);
  });

  it('hand out what came before the source failed, then its error', async () => {
    const source = async function* () {
      yield 1;
      throw new Error('disk on fire');
    };
    const batches = inBatches(source(), one, bounds);
    expect(await batches.next()).toEqual({ done: false, value: [1] });
    await expect(batches.next()).rejects.toThrow('disk on fire');
  });

  it('close the source when they are left early', async () => {
    let closed = false;
    const source = async function* () {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    };
    for await (const _ of inBatches(source(), one, bounds)) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
  });
});
