import { type Clock, place, type Table } from '@aideals/core';
import { WORKERS } from './plan.js';

const PK = 'fanout-workers';
/** After its end a worker that was cut off keeps its slot for so long, in seconds. */
const MARGIN_SECONDS = 5;

/** Bounds how many workers there are at once, however many are started. */
export class Slots {
  readonly #table: Table;
  readonly #clock: Clock;

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** A slot until `endsAt` (Unix milliseconds), or undefined where all are taken. */
  async take(endsAt: number): Promise<string | undefined> {
    const taken = new Set((await this.#table.query(PK, { limit: WORKERS })).map(({ sk }) => sk));
    const expiresAt = Math.ceil(Math.max(endsAt, this.#clock.now()) / 1000) + MARGIN_SECONDS;
    for (let i = 0; i < WORKERS; i += 1) {
      const slot = place(i);
      if (taken.has(slot)) continue;
      if ((await this.#table.put(PK, slot, {}, { ifAbsent: true, expiresAt })).stored) return slot;
    }
    return undefined;
  }

  async leave(slot: string): Promise<void> {
    await this.#table.delete(PK, slot);
  }
}
