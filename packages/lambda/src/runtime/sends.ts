import { type Clock, place, type Row, type StreamAppend, type Streams, seqOf, type Table } from '@aideals/core';

/** The most events of one append. */
const LIST = 1_000;
const PAGE = 500;
const HOUR = 3_600;
/** A key may be used again for so long. */
const KEY_SECONDS = 25 * HOUR;

interface Appended {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** Unix milliseconds of its events. */
  readonly at: number;
  readonly isKeyed: boolean;
  /** Whether each who matches was sent each of its events, as far as this process knows. */
  isWhole: boolean;
}

/** An append all of whose events were sent. */
interface SentRange {
  readonly first: number;
  readonly last: number;
  /** Of the log, when the last of them was sent: what lies past it was appended later. */
  readonly top: number;
  readonly at: number;
}

export interface SendsOptions {
  readonly table: Pick<Table, 'get' | 'put' | 'query'>;
  readonly clock: Clock;
  readonly top: () => Promise<number>;
  readonly retentionSeconds: number;
}

const epochOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));

const pkOf = (epoch: string): string => `sends#${epoch}`;

const rangeOf = ({ sk, body }: Row): SentRange | undefined =>
  body['whole'] === true
    ? {
        first: seqOf(sk),
        last: body['last'] as number,
        top: body['top'] as number,
        at: body['at'] as number,
      }
    : undefined;

/**
 * Which events of the log have been sent, to all who match, and what else had been appended by then. So it is known of a
 * position which events before it may have been overtaken: whoever has an event lacks none whose sends were over when it
 * was appended.
 */
export class Sends {
  readonly #options: SendsOptions;
  #underWay: Appended[] = [];

  constructor(options: SendsOptions) {
    this.#options = options;
  }

  /** Events were appended: from here on they are sent. */
  begun({ ids, offsets }: StreamAppend, at: number, isKeyed: boolean): void {
    const [id, first, last] = [ids[0], offsets[0], offsets.at(-1)];
    if (id === undefined || first === undefined || last === undefined) return;
    this.#underWay.push({ epoch: epochOf(id), first, last, at, isKeyed, isWhole: true });
  }

  /** Somebody was not sent an event: it waits for a worker, or could not be reached. */
  incomplete(offset: number): void {
    const found = this.#underWay.find(({ first, last }) => first <= offset && offset <= last);
    if (found !== undefined) found.isWhole = false;
  }

  /** What was begun has been sent, as far as it could be: to be called before the publisher is answered. */
  async done(): Promise<void> {
    const all = this.#underWay.splice(0);
    if (all.length === 0) return;
    const { table, clock, retentionSeconds } = this.#options;
    const top = await this.#options.top();
    for (const { epoch, first, last, at, isKeyed, isWhole: whole } of all) {
      const seconds = Math.max(retentionSeconds + HOUR, isKeyed ? KEY_SECONDS : 0);
      const expiresAt = Math.floor(clock.now() / 1000) + seconds;
      await table.put(pkOf(epoch), place(first), { last, top, at, whole }, { expiresAt });
    }
  }

  /** What was begun failed half-way: nobody knows who was sent what. */
  failed(): void {
    this.#underWay = [];
  }

  /** Whether somebody has seen to the sends of what an append gave, to the end. */
  async areOver({ ids, offsets }: StreamAppend): Promise<boolean> {
    const [id, first] = [ids[0], offsets[0]];
    if (id === undefined || first === undefined) return true;
    return (await this.#options.table.get(pkOf(epochOf(id)), place(first))) !== undefined;
  }

  /**
   * Whether all events that came in so many milliseconds before the one at `offset` were sent before it: then whoever has it
   * has those too. Reads what is known from the offset down.
   */
  async areAllBefore(id: string, offset: number, ms: number): Promise<boolean> {
    let next = offset;
    let since: number | undefined;
    for (let before = place(offset + 1); ; ) {
      const rows = await this.#options.table.query(pkOf(epochOf(id)), { before, limit: PAGE, reverse: true });
      for (const row of rows) {
        const range = rangeOf(row);
        if (range === undefined || range.last < next || !this.#isBefore(range, offset)) return false;
        since ??= range.at - ms;
        if (range.at < since || range.first <= 1) return true;
        next = range.first - 1;
      }
      if (rows.length < PAGE) return false;
      before = (rows.at(-1) as Row).sk;
    }
  }

  /** The offset up to which, from `after` on, all were sent before the one at `offset`. */
  async allUpTo(id: string, after: number, offset: number): Promise<number> {
    let reached = after;
    for (let from = place(Math.max(0, after - LIST)); ; ) {
      const page = { after: from, before: place(offset + 1), limit: PAGE };
      const rows = await this.#options.table.query(pkOf(epochOf(id)), page);
      for (const row of rows) {
        const last = row.body['last'] as number;
        if (last <= reached) continue;
        const range = rangeOf(row);
        if (range === undefined || range.first > reached + 1 || !this.#isBefore(range, offset)) return reached;
        reached = last;
        if (reached >= offset) return offset;
      }
      if (rows.length < PAGE) return reached;
      from = (rows.at(-1) as Row).sk;
    }
  }

  /** Within one list events are sent in their order. */
  #isBefore({ last, top }: SentRange, offset: number): boolean {
    return top < offset || last >= offset;
  }
}

/** A log whose appends are followed by the sends of what they append. */
export const followingSends = (streams: Streams, sends: Sends): Streams => ({
  read: (options) => streams.read(options),
  locate: (id) => streams.locate(id),
  top: () => streams.top(),
  idOf: (offset) => streams.idOf(offset),
  trim: (options) => streams.trim(options),
  async append(events, once) {
    const appended = await streams.append(events, once);
    // Whoever appended it first may have been cut off before it was sent.
    const replayed = appended.replayed && (await sends.areOver(appended));
    if (!replayed) sends.begun(appended, events[0]?.at ?? 0, once !== undefined);
    return { ...appended, replayed };
  },
});
