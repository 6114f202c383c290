import { type Clock, type Frame, type Ids, place, type Row, type Table } from '@aideals/core';
import { chunksOf, LANES, type Lane, laneOf, pick, type Waiting } from './plan.js';

/** A piece of work that a worker has taken. */
export interface Piece {
  readonly lane: Lane;
  readonly sk: string;
  /** The job that it is a part of: all that one frame is sent to. */
  readonly job: string;
  readonly ids: readonly string[];
  readonly frame: Frame;
  /** Unix milliseconds. */
  readonly at: number;
  /** Of the row that says who has it: another when that is another. */
  readonly version: number;
}

export interface QueueOptions {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  /** From 0 up to, not with, 1. */
  readonly chance: () => number;
}

/** A worker that was cut off leaves its piece to others after this; one that goes on says so in time. */
const LEASE_MS = 30_000;
export const RENEW_MS = 10_000;
/** Nothing waits for longer than a connection lives. */
const KEPT_SECONDS = 7_500;
const LISTED = 64;
const WRITES_AT_ONCE = 32;
const JOBS_KEPT = 4;

const lanePk = (lane: Lane): string => `fanout#${lane}`;
const framePk = (job: string): string => `fanout-frame#${job}`;
const idsPk = (job: string): string => `fanout-ids#${job}`;
const newestPk = (key: string): string => `fanout-newest#${key}`;

const waitingOf = ({ sk, version, body }: Row): Waiting => ({
  sk,
  version,
  until: body['until'] as number,
  count: body['count'] as number,
  at: body['at'] as number,
});

const jobOf = (sk: string): string => sk.slice(0, sk.lastIndexOf('#'));
const partOf = (sk: string): string => sk.slice(sk.lastIndexOf('#') + 1);

/** What is still to be sent, as rows that any worker finds: a lane for each kind, the oldest first. */
export class FanOutQueue {
  readonly #options: QueueOptions;
  readonly #receivers = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Puts a frame for many into its lane; it is listed when all that a worker needs is there. */
  async add(frame: Frame, ids: readonly string[]): Promise<void> {
    const { table } = this.#options;
    const job = this.#options.ids.next('mark');
    const expiresAt = this.#expiresAt();
    const { text, key, offset } = frame;
    const body = {
      text,
      ...(key === undefined ? {} : { key }),
      ...(offset === undefined ? {} : { offset }),
    };
    const parts = chunksOf(ids).map((part, i) => ({ sk: place(i), ids: part }));
    await Promise.all([
      table.put(framePk(job), 'frame', body, { expiresAt }),
      this.#each(parts, (part) => table.put(idsPk(job), part.sk, { ids: part.ids }, { expiresAt })),
    ]);
    if (key !== undefined && offset !== undefined) await this.#noteNewest(key, offset, job);
    const at = this.#options.clock.now();
    await this.#each(parts, (part) =>
      table.put(lanePk(laneOf(frame)), `${job}#${part.sk}`, { until: 0, count: part.ids.length, at }, { expiresAt }),
    );
  }

  /** Takes a piece of the first lane that has one; undefined where none is left that no one has. */
  async take(): Promise<Piece | undefined> {
    for (const lane of LANES) {
      const piece = await this.#takeOf(lane);
      if (piece !== undefined) return piece;
    }
    return undefined;
  }

  /** Whoever has a piece goes on with it: gives it as it stands then; undefined where another has it by now. */
  async renew(piece: Piece): Promise<Piece | undefined> {
    const { lane, sk, version, ids, at } = piece;
    const waiting = { sk, version, count: ids.length, at };
    const renewed = await this.#hold(lane, waiting);
    return renewed === undefined ? undefined : { ...piece, version: renewed };
  }

  /** A piece is sent. */
  async done({ lane, sk }: Piece): Promise<void> {
    await this.#options.table.delete(lanePk(lane), sk);
  }

  /** Some of a piece could not be sent now: they wait again, as a piece of their own that nobody takes for so long. */
  async again(piece: Piece, ids: readonly string[], restMs = 0): Promise<void> {
    const { table, clock } = this.#options;
    const until = restMs === 0 ? 0 : clock.now() + restMs;
    const { lane, sk, job, at } = piece;
    const expiresAt = this.#expiresAt();
    await table.put(idsPk(job), `${partOf(sk)}~`, { ids: [...ids] }, { expiresAt });
    await table.put(lanePk(lane), `${sk}~`, { until, count: ids.length, at }, { expiresAt });
    await this.done(piece);
  }

  /** Who gets a newer state of what the piece tells; undefined where there is none. */
  async newer({ job, frame }: Piece): Promise<ReadonlySet<string> | undefined> {
    const { key, offset } = frame;
    if (key === undefined || offset === undefined) return undefined;
    const newest = (await this.#options.table.get(newestPk(key), 'newest'))?.body as
      | { job: string; offset: number }
      | undefined;
    if (newest === undefined || newest.offset <= offset || newest.job === job) return undefined;
    return this.#receiversOf(newest.job);
  }

  /** How many sends wait, since when the oldest does (Unix milliseconds), and whether any has no worker. */
  async look(): Promise<{ readonly count: number; readonly since: number | undefined; readonly free: boolean }> {
    const now = this.#options.clock.now();
    const all = (await Promise.all(LANES.map((lane) => this.#all(lane)))).flat();
    return {
      count: all.reduce((sum, { count }) => sum + count, 0),
      since: all.reduce<number | undefined>((least, { at }) => Math.min(least ?? at, at), undefined),
      free: all.some(({ until }) => until <= now),
    };
  }

  async isEmpty(): Promise<boolean> {
    const { table } = this.#options;
    const firsts = await Promise.all(LANES.map((lane) => table.query(lanePk(lane), { limit: 1 })));
    return firsts.every((rows) => rows.length === 0);
  }

  async #takeOf(lane: Lane): Promise<Piece | undefined> {
    const { table, clock, chance } = this.#options;
    for (let after = ''; ; ) {
      const rows = await table.query(lanePk(lane), { after, limit: LISTED });
      const waiting = rows.map(waitingOf);
      for (;;) {
        const now = clock.now();
        const picked = pick(waiting, now, chance());
        if (picked === undefined) break;
        waiting.splice(waiting.indexOf(picked), 1);
        const piece = await this.#lease(lane, picked);
        if (piece !== undefined) return piece;
      }
      if (rows.length < LISTED) return undefined;
      after = (rows.at(-1) as Row).sk;
    }
  }

  /** Gives the piece a worker until its lease ends: the row's new version, undefined where somebody was faster. */
  async #hold(lane: Lane, { sk, version, count, at }: Omit<Waiting, 'until'>): Promise<number | undefined> {
    const { table, clock } = this.#options;
    const body = { until: clock.now() + LEASE_MS, count, at };
    const held = await table.put(lanePk(lane), sk, body, { ifVersion: version, expiresAt: this.#expiresAt() });
    return held.stored ? held.version : undefined;
  }

  async #lease(lane: Lane, picked: Waiting): Promise<Piece | undefined> {
    const { table } = this.#options;
    const { sk, at } = picked;
    const version = await this.#hold(lane, picked);
    if (version === undefined) return undefined;
    const job = jobOf(sk);
    const [frame, ids] = await Promise.all([table.get(framePk(job), 'frame'), table.get(idsPk(job), partOf(sk))]);
    if (frame === undefined || ids === undefined) {
      // Past its time.
      await table.delete(lanePk(lane), sk);
      return undefined;
    }
    return { lane, sk, job, at, version, ids: ids.body['ids'] as string[], frame: frame.body as unknown as Frame };
  }

  async #all(lane: Lane): Promise<Waiting[]> {
    const all: Waiting[] = [];
    for (let after = ''; ; ) {
      const rows = await this.#options.table.query(lanePk(lane), { after, limit: 1_000 });
      all.push(...rows.map(waitingOf));
      if (rows.length < 1_000) return all;
      after = (rows.at(-1) as Row).sk;
    }
  }

  async #noteNewest(key: string, offset: number, job: string): Promise<void> {
    const { table } = this.#options;
    for (;;) {
      const row = await table.get(newestPk(key), 'newest');
      if (row !== undefined && (row.body['offset'] as number) >= offset) return;
      const condition = row === undefined ? { ifAbsent: true } : { ifVersion: row.version };
      const options = { ...condition, expiresAt: this.#expiresAt() };
      if ((await table.put(newestPk(key), 'newest', { offset, job }, options)).stored) return;
    }
  }

  /** All that a job was for, sent or not. Kept, since each of its pieces may be asked about. */
  #receiversOf(job: string): Promise<ReadonlySet<string>> {
    const known = this.#receivers.get(job) ?? this.#readReceivers(job);
    this.#receivers.delete(job);
    this.#receivers.set(job, known);
    const [oldest] = this.#receivers.keys();
    if (this.#receivers.size > JOBS_KEPT && oldest !== undefined) this.#receivers.delete(oldest);
    return known;
  }

  async #readReceivers(job: string): Promise<ReadonlySet<string>> {
    const all = new Set<string>();
    for (let after = ''; ; ) {
      const rows = await this.#options.table.query(idsPk(job), { after, limit: 100 });
      for (const { body } of rows) for (const id of body['ids'] as string[]) all.add(id);
      if (rows.length < 100) return all;
      after = (rows.at(-1) as Row).sk;
    }
  }

  async #each<T>(items: readonly T[], work: (item: T) => unknown): Promise<void> {
    const rest = items.values();
    const lane = async (): Promise<void> => {
      for (const item of rest) await work(item);
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
  }

  #expiresAt(): number {
    return Math.floor(this.#options.clock.now() / 1000) + KEPT_SECONDS;
  }
}
