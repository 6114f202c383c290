import type { DueEvent, Schedule } from '../ports/index.js';
import { Heap, type HeapNode } from './heap.js';

interface Planned extends HeapNode {
  readonly key: string;
  readonly event: DueEvent;
}

/**
 * A `Schedule` in memory, for what dies with the process. It has no timer: the runtime sets one for `next()`, and sets it
 * anew when `changed` is called, which is when the answer of `next()` is another one.
 */
export const memorySchedule = (changed: () => void = () => undefined) => {
  const heap = new Heap<Planned>();
  const byKey = new Map<string, Planned>();

  const next = (): number | undefined => heap.peek()?.at;

  const remove = (key: string): void => {
    const planned = byKey.get(key);
    if (planned === undefined) return;
    byKey.delete(key);
    heap.remove(planned);
  };

  const changing = (change: () => void): void => {
    const before = next();
    change();
    if (next() !== before) changed();
  };

  return {
    set(key: string, dueAt: number, event: DueEvent): void {
      changing(() => {
        remove(key);
        const planned = { key, at: dueAt, event, index: -1 };
        byKey.set(key, planned);
        heap.push(planned);
      });
    },

    cancel(key: string): void {
      changing(() => remove(key));
    },

    /** Takes out what is due at `now` (Unix milliseconds), the earliest first. Does not call `changed`. */
    due(now: number): DueEvent[] {
      const events: DueEvent[] = [];
      for (let planned = heap.peek(); planned !== undefined && planned.at <= now; planned = heap.peek()) {
        remove(planned.key);
        events.push(planned.event);
      }
      return events;
    },

    /** When the earliest is due, in Unix milliseconds. */
    next,

    size: (): number => heap.size,
  } satisfies Schedule & Record<string, unknown>;
};

export type MemorySchedule = ReturnType<typeof memorySchedule>;
