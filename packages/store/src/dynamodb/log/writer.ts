import type { Clock } from '@aideals/core';
import type { Chunks } from './chunks.js';
import type { Claims, Once } from './claims.js';
import type { FailedAppends } from './failed.js';
import type { LogHead } from './head.js';
import { endOf } from './items.js';
import { fitTogether, type Packed } from './packing.js';
import type { Placed, Placing } from './placing.js';

export interface Stored {
  readonly first: number;
  readonly count: number;
  readonly replayed: boolean;
}

interface Pending {
  readonly list: Packed;
  readonly once: Once | undefined;
  readonly resolve: (stored: Promise<Stored>) => void;
}

export interface WriterOptions {
  readonly clock: Clock;
  readonly head: LogHead;
  readonly chunks: Chunks;
  readonly placing: Placing;
  readonly claims: Claims;
  readonly failed: FailedAppends;
  /** What a list counts as whose first append ended before it was confirmed, where it stands in the log. */
  readonly completedIs: 'replayed' | 'new';
}

const NOTHING: Promise<Stored> = Promise.resolve({ first: 0, count: 0, replayed: false });

const joined = (lists: readonly Packed[]): Packed => ({
  events: lists.flatMap(({ events }) => events),
  bytes: lists.reduce((bytes, list) => bytes + list.bytes, 0),
});

/**
 * Appends in the order given. Items are put one after another, and lists that wait meanwhile share one; the head follows in
 * one write for all that were put since, and then they are confirmed, in order.
 */
export class LogWriter {
  readonly #options: WriterOptions;
  readonly #queue: Pending[] = [];
  #isWriting = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  append(list: Packed, once: Once | undefined): Promise<Stored> {
    // Nothing to store, and nothing to remember it by.
    const isNothing = list.events.length === 0 && once === undefined;
    const own = isNothing ? NOTHING : new Promise<Stored>((resolve) => this.#queue.push({ list, once, resolve }));
    // It may fail before those ahead of it are done, while nobody waits for it yet.
    own.catch(() => undefined);
    // A later one is confirmed after an earlier one, whatever became of that.
    const before = this.#last;
    const confirmed = before.then(() => own);
    this.#last = confirmed.then(
      () => undefined,
      () => undefined,
    );
    if (!this.#isWriting) void this.#write();
    return confirmed;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // Those that are given in the same turn of the loop may share an item.
    await Promise.resolve();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.once === undefined) await this.#writeTogether(next);
      else await this.#writeOnce(next, next.once);
    }
    this.#isWriting = false;
  }

  async #writeTogether(first: Pending): Promise<void> {
    const group = [first];
    let list = first.list;
    for (let next = this.#queue[0]; next !== undefined && next.once === undefined; next = this.#queue[0]) {
      if (!fitTogether(list, next.list)) break;
      group.push(next);
      this.#queue.shift();
      list = joined([list, next.list]);
    }
    const { failed, placing } = this.#options;
    const placed = failed
      .settle()
      .then(() => placing.content(list))
      .then((content) => placing.append(content));
    const confirmed = placed.then((item) => this.#confirm(item, list));
    let offset = 0;
    for (const { list: part, resolve } of group) {
      const before = offset;
      const count = part.events.length;
      resolve(confirmed.then(({ first: begin }) => ({ first: begin + before, count, replayed: false })));
      offset += count;
    }
    // The next item needs its place, not its confirmation. What failed is told to those who wait for it.
    await placed.catch(() => undefined);
  }

  async #writeOnce({ list, resolve }: Pending, once: Once): Promise<void> {
    const { failed, claims, head, completedIs } = this.#options;
    const walked = failed.settle().then(() => claims.append(list, once));
    const confirmed = walked.then(async ({ placed, first, count, found, finish }): Promise<Stored> => {
      if (placed !== undefined) await this.#confirm(placed, list, finish);
      else if (found === 'undone') {
        await head.reach(endOf({ first, count }));
        await finish();
      }
      return { first, count, replayed: found === 'done' || (found === 'undone' && completedIs === 'replayed') };
    });
    resolve(confirmed);
    await walked.catch(() => undefined);
  }

  async #confirm(placed: Placed, list: Packed, finish?: () => Promise<void>): Promise<Placed> {
    const { clock, head, chunks, failed } = this.#options;
    try {
      await head.reach(endOf(placed));
      await finish?.();
    } catch (error) {
      failed.add(placed.token, placed.first);
      throw error;
    }
    const { first, count } = placed;
    if (count > 0) chunks.add({ first, count, events: list.events, appendedAt: clock.now() });
    return placed;
  }
}
