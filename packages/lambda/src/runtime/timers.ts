import { type Clock, type DueEvent, place, type Row, type Schedule, type Table } from '@aideals/core';

/** What the sweep is told besides: a connection has been for as long as any may be. */
export type SweepEvent = DueEvent | { readonly kind: 'ended'; readonly connectionId: string };

/** Timers of so many milliseconds share a partition, or some. */
const BUCKET_MS = 600_000;
/** Over so many partitions the timers of a bucket are spread. */
const SHARDS = 4;
/** What is read once more: clocks differ, and a write may have been on its way. */
const READ_AGAIN_MS = 120_000;
/** Where a deployment that never swept begins: no connection is older. */
const FIRST_MS = 10_800_000;
const PAGE = 200;
const READS_AT_ONCE = 32;
const DAY = 86_400;

const CURSOR = ['due', 'cursor'] as const;

const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS);

const shardOf = (key: string): number => {
  let sum = 0;
  for (let i = 0; i < key.length; i += 1) sum = (sum * 31 + key.charCodeAt(i)) >>> 0;
  return sum % SHARDS;
};

const duePk = (bucket: number, shard: number): string => `due#${bucket}#${shard}`;
const timerPk = (key: string): string => `timer#${key}`;

export interface Due {
  readonly event: SweepEvent;
  /** To be called when it was served: until then it comes again. */
  done(): Promise<void>;
}

/**
 * A `Schedule` of rows in the order of time, which the sweep reads. A row is a hint, and counts only while the key's own row
 * says the same time; times that no sweep has read are read by the next.
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
    const cursor = (await this.#table.get(...CURSOR))?.body['at'] as number | undefined;
    const from = cursor ?? Math.max(0, now - FIRST_MS);
    const pks: string[] = [];
    for (let bucket = bucketOf(from); bucket <= bucketOf(now); bucket += 1) {
      for (let shard = 0; shard < SHARDS; shard += 1) pks.push(duePk(bucket, shard));
    }
    const found: { readonly pk: string; readonly row: Row }[] = [];
    const rest = pks.values();
    const lane = async (): Promise<void> => {
      for (const pk of rest) {
        for (const row of await this.#rows(pk, from, now)) found.push({ pk, row });
      }
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, lane));
    found.sort((a, b) => (a.row.body['at'] as number) - (b.row.body['at'] as number));
    const due: Due[] = [];
    for (const { pk, row } of found) {
      const done = async (): Promise<void> => void (await this.#table.delete(pk, row.sk));
      if (await this.#counts(row)) due.push({ event: row.body['event'] as unknown as SweepEvent, done });
      else await done();
    }
    return due;
  }

  /** All that was due at `now` is served: what lies before is not read again. */
  async passed(now: number): Promise<void> {
    await this.#table.put(...CURSOR, { at: Math.max(0, now - READ_AGAIN_MS) });
  }

  async #note(key: string, at: number, event: SweepEvent): Promise<void> {
    // What is late already goes where the next sweep looks.
    const listed = Math.max(at, this.#clock.now());
    const row = { at, key, event: { ...event } };
    await this.#table.put(duePk(bucketOf(listed), shardOf(key)), `${place(listed)}#${key}`, row, {
      expiresAt: Math.floor(listed / 1000) + 2 * DAY,
    });
  }

  async #rows(pk: string, from: number, now: number): Promise<Row[]> {
    const rows: Row[] = [];
    const before = place(now + 1);
    for (let after = place(from); ; ) {
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
