import { type Clock, type DueEvent, place, type Row, type Schedule, type Table } from '@aideals/core';

/** What the sweep is told besides: a connection has been for as long as any may be. */
export type SweepEvent = DueEvent | { readonly kind: 'ended'; readonly connectionId: string };

const MINUTE = 60_000;
/** Over so many partitions the timers of a minute are spread. */
const SHARDS = 4;
/** Minutes that are read once more: clocks differ, and a write may have been on its way. */
const READ_AGAIN = 2;
/** Where a deployment that never swept begins: no connection is older. */
const FIRST_MINUTES = 180;
const PAGE = 200;
const DAY = 86_400;

const CURSOR = ['due', 'cursor'] as const;

const minuteOf = (ms: number): number => Math.floor(ms / MINUTE);

const shardOf = (key: string): number => {
  let sum = 0;
  for (let i = 0; i < key.length; i += 1) sum = (sum * 31 + key.charCodeAt(i)) >>> 0;
  return sum % SHARDS;
};

const duePk = (minute: number, shard: number): string => `due#${minute}#${shard}`;
const timerPk = (key: string): string => `timer#${key}`;

export interface Due {
  readonly event: SweepEvent;
  /** To be called when it was served: until then it comes again. */
  done(): Promise<void>;
}

/**
 * A `Schedule` of rows, a partition or some for each minute, which the sweep reads. A row is a hint, and counts only while the
 * key's own row says the same time; minutes that no sweep has read are read by the next.
 */
export class Timers implements Schedule {
  readonly #table: Table;
  readonly #clock: Clock;

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async set(key: string, dueAt: number, event: DueEvent): Promise<void> {
    const at = Math.max(0, dueAt);
    await this.#note(key, at, { ...event });
    // Last: a row without this one counts for nothing, and the one before goes on counting.
    await this.#table.put(timerPk(key), 'at', { at }, { expiresAt: Math.floor(at / 1000) + DAY });
  }

  async cancel(key: string): Promise<void> {
    await this.#table.delete(timerPk(key), 'at');
  }

  /** Notes the end of a connection, which nothing moves. */
  noteEnd(connectionId: string, at: number): Promise<void> {
    return this.#note(`ended:${connectionId}`, at, { kind: 'ended', connectionId });
  }

  /** What is due at `now`, the earliest first. */
  async due(now: number): Promise<readonly Due[]> {
    const cursor = (await this.#table.get(...CURSOR))?.body['minute'] as number | undefined;
    const last = minuteOf(now);
    const first = cursor ?? Math.max(0, last - FIRST_MINUTES);
    const pks: string[] = [];
    for (let minute = first; minute <= last; minute += 1) {
      for (let shard = 0; shard < SHARDS; shard += 1) pks.push(duePk(minute, shard));
    }
    const found: { readonly pk: string; readonly row: Row }[] = [];
    for (const pk of pks) {
      for (const row of await this.#rows(pk, now)) found.push({ pk, row });
    }
    found.sort((a, b) => (a.row.sk < b.row.sk ? -1 : 1));
    const due: Due[] = [];
    for (const { pk, row } of found) {
      const done = async (): Promise<void> => void (await this.#table.delete(pk, row.sk));
      if (await this.#counts(row)) due.push({ event: row.body['event'] as unknown as SweepEvent, done });
      else await done();
    }
    return due;
  }

  /** All that was due at `now` is served: minutes before it are not read again. */
  async passed(now: number): Promise<void> {
    await this.#table.put(...CURSOR, { minute: Math.max(0, minuteOf(now) - READ_AGAIN) });
  }

  async #note(key: string, at: number, event: SweepEvent): Promise<void> {
    // What is late already goes where the next sweep looks.
    const minute = Math.max(minuteOf(at), minuteOf(this.#clock.now()));
    const row = { at, key, event: { ...event } };
    await this.#table.put(duePk(minute, shardOf(key)), `${place(at)}#${key}`, row, {
      expiresAt: minute * 60 + 2 * DAY,
    });
  }

  async #rows(pk: string, now: number): Promise<Row[]> {
    const rows: Row[] = [];
    const before = place(now + 1);
    for (let after = ''; ; ) {
      const page = await this.#table.query(pk, { after, before, limit: PAGE });
      rows.push(...page);
      if (page.length < PAGE) return rows;
      after = (page.at(-1) as Row).sk;
    }
  }

  async #counts({ body }: Row): Promise<boolean> {
    if ((body['event'] as { kind?: string }).kind === 'ended') return true;
    return (await this.#table.get(timerPk(body['key'] as string), 'at'))?.body['at'] === body['at'];
  }
}
