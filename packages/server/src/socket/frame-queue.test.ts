import type { Frame } from '@aideals/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameQueue } from './frame-queue.js';

const frame = (text: string, key?: string): Frame => (key === undefined ? { text } : { text, key });

const drain = (queue: FrameQueue): string[] => {
  const texts: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) texts.push(next.text);
  return texts;
};

describe('FrameQueue', () => {
  it('gives frames out in their order and counts their encoded bytes', () => {
    const queue = new FrameQueue();
    queue.push(frame('a'));
    queue.push(frame('bc'));
    expect([queue.size, queue.bytes]).toEqual([2, 3 + 4]);
    expect(drain(queue)).toEqual(['a', 'bc']);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });

  it('takes out what waits under a key, and at the first time all that is older under any', () => {
    const queue = new FrameQueue();
    for (const [text, key] of [['a1', 'a'], ['b1', 'b'], ['x'], ['a2', 'a'], ['b2', 'b'], ['c1', 'c']] as const) {
      queue.push(frame(text, key));
    }
    expect(queue.takeOut('a')).toBe(3);
    expect(queue.takeOut('a')).toBe(0);
    queue.push(frame('a3', 'a'));
    expect([queue.size, queue.bytes]).toEqual([4, 3 + 3 * 4]);
    expect(drain(queue)).toEqual(['x', 'b2', 'c1', 'a3']);
  });

  it('does not find what has left', () => {
    const queue = new FrameQueue();
    queue.push(frame('a1', 'a'));
    queue.push(frame('x'));
    expect(queue.takeOut('b')).toBe(0);
    queue.shift();
    expect(queue.takeOut('a')).toBe(0);
  });

  it('agrees with a plain list, whatever is done to it', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.integer({ min: 0, max: 5 }) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('replace' as const), key: fc.integer({ min: 0, max: 5 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('shift' as const), key: fc.constant(0) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 600, maxLength: 1_500, size: 'max' }), (steps) => {
        const queue = new FrameQueue();
        const list: Frame[] = [];
        for (const [i, { do: what, key }] of steps.entries()) {
          if (what === 'shift') {
            expect(queue.shift()?.text).toBe(list.shift()?.text);
            continue;
          }
          if (what === 'replace') {
            const at = list.findLastIndex((each) => each.key === String(key));
            // A queue whose keys are each there once, as the outbox keeps it.
            expect(queue.takeOut(String(key))).toBe(at >= 0 ? 1 : 0);
            if (at >= 0) list.splice(at, 1);
          }
          if (list.some((each) => each.key === String(key))) continue;
          const added = frame(String(i), String(key));
          queue.push(added);
          list.push(added);
        }
        expect(queue.size).toBe(list.length);
        expect(drain(queue)).toEqual(list.map(({ text }) => text));
      }),
      { numRuns: 20 },
    );
  });
});
