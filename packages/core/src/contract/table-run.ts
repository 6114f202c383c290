import type { JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import { type PutOptions, place, type QueryOptions, type Row, type Table, toSeconds } from '../ports/index.js';
import type { ManualClock } from './manual-clock.js';
import { TableModel } from './table-model.js';
import { PARTITIONS, type Step } from './table-steps.js';

const expiring = (clock: ManualClock, ttl: number | undefined): { expiresAt?: number } =>
  ttl === undefined ? {} : { expiresAt: toSeconds(clock.now()) + ttl };

/** Does the same to a table and to its model, and compares what can be seen. */
export class TableRun {
  readonly #table: Table;
  readonly #clock: ManualClock;
  readonly #model: TableModel;
  readonly #prefix: string;
  /** The versions each key has had, the newest last. */
  readonly #versions = new Map<string, number[]>();
  readonly #flushed: Promise<void>[] = [];

  constructor(table: Table, clock: ManualClock, prefix: string) {
    this.#table = table;
    this.#clock = clock;
    this.#prefix = prefix;
    this.#model = new TableModel(clock);
  }

  async apply(step: Step): Promise<void> {
    switch (step.do) {
      case 'put':
        return this.#put(step);
      case 'putMany':
        return this.#putMany(step);
      case 'append':
        return this.#append(step);
      case 'delete': {
        this.#flushed.push((await this.#table.delete(this.#prefix + step.pk, step.sk)).flushed);
        return this.#model.delete(step.pk, step.sk);
      }
      case 'query': {
        const { after, before, limit, reverse } = step;
        return this.#compare(step.pk, {
          limit,
          reverse,
          ...(after === undefined ? {} : { after }),
          ...(before === undefined ? {} : { before }),
        });
      }
      case 'sweep':
        // It removes what nobody sees: the comparisons that follow tell whether it removed more.
        await this.#table.sweep(step.limit);
        return;
      case 'advance':
        return this.#clock.advance(step.ms);
      case 'flush':
        return this.flush();
    }
  }

  /** Waits until all that was written survives a crash. */
  async flush(): Promise<void> {
    await Promise.all(this.#flushed.splice(0));
  }

  async compareAll(): Promise<void> {
    for (const pk of PARTITIONS) {
      await this.#compare(pk, { limit: 1000 });
      await this.#compare(pk, { limit: 1000, reverse: true });
      expect(await this.#table.head(this.#prefix + pk)).toBe(this.#model.head(pk));
    }
  }

  async #compare(pk: string, options: QueryOptions): Promise<void> {
    const rows = await this.#table.query(this.#prefix + pk, options);
    const shown = ({ sk, body, version, expiresAt }: Row) => ({ sk, body, version, expiresAt });
    expect(rows.map(shown)).toEqual(this.#model.query(pk, options));
  }

  async #put({ pk, sk, body, ifAbsent, ifVersion, ttl }: Extract<Step, { do: 'put' }>): Promise<void> {
    if (!this.#free(pk, sk)) return;
    const past = this.#versions.get(`${pk} ${sk}`) ?? [];
    const present = this.#model.get(pk, sk)?.version ?? past.at(-1);
    const version = { any: undefined, present, past: past.at(-2), future: (past.at(-1) ?? 0) + 1 }[ifVersion];
    const conditions: PutOptions = { ifAbsent, ...(version === undefined ? {} : { ifVersion: version }) };
    const expiry = expiring(this.#clock, ttl);
    const expected = this.#model.mayPut(pk, sk, conditions);
    const result = await this.#table.put(this.#prefix + pk, sk, body, { ...conditions, ...expiry });
    expect(result.stored).toBe(expected);
    if (!result.stored) return;
    this.#flushed.push(result.flushed);
    this.#took(pk, sk, body, result.version, expiry.expiresAt);
  }

  async #putMany({ pk, rows }: Extract<Step, { do: 'putMany' }>): Promise<void> {
    const written = rows
      .filter(({ sk }) => this.#free(pk, sk))
      .map(({ sk, body, ttl }) => ({ pk: this.#prefix + pk, sk, body, ...expiring(this.#clock, ttl) }));
    const { flushed } = await this.#table.putMany(written);
    this.#flushed.push(flushed);
    const last = new Map(written.map((row) => [row.sk, row]));
    for (const { sk, body, expiresAt } of last.values()) await this.#read(pk, sk, body, expiresAt);
  }

  async #append({ pk, body, at, ttl }: Extract<Step, { do: 'append' }>): Promise<void> {
    const expiry = expiring(this.#clock, ttl);
    const options = { ...expiry, ...(at === undefined ? {} : { at: this.#model.head(pk) + at }) };
    const expected = this.#model.append(pk, options);
    const result = await this.#table.append(this.#prefix + pk, body, options);
    expect(result.stored ? result.seq : undefined).toBe(expected?.seq);
    if (!result.stored || expected === undefined) return;
    this.#flushed.push(result.flushed);
    await this.#read(pk, expected.sk, body, expiry.expiresAt);
  }

  /** Rows at places that `append` has not given yet are not for `put`. */
  #free(pk: string, sk: string): boolean {
    return !/^\d{16}$/.test(sk) || sk <= place(this.#model.head(pk));
  }

  /** Reads a written row back, for the version that the answer did not tell. */
  async #read(pk: string, sk: string, body: JsonObject, expiresAt: number | undefined): Promise<void> {
    const row = await this.#table.get(this.#prefix + pk, sk);
    if (row !== undefined) return this.#took(pk, sk, body, row.version, expiresAt);
    expect(expiresAt).toBeLessThanOrEqual(toSeconds(this.#clock.now()));
    this.#model.delete(pk, sk);
  }

  #took(pk: string, sk: string, body: JsonObject, version: number, expiresAt: number | undefined): void {
    const key = `${pk} ${sk}`;
    const versions = this.#versions.get(key) ?? [];
    if (this.#model.get(pk, sk)?.version !== version) {
      expect(version).toBeGreaterThan(versions.at(-1) ?? 0);
      this.#versions.set(key, [...versions, version]);
    }
    this.#model.set(pk, { sk, body, version, expiresAt });
  }
}
