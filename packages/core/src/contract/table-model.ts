import type { JsonObject } from '@aideals/protocol';
import {
  type AppendOptions,
  type Clock,
  type PutOptions,
  place,
  type QueryOptions,
  toSeconds,
} from '../ports/index.js';

export interface ModelRow {
  readonly sk: string;
  readonly body: JsonObject;
  readonly version: number;
  readonly expiresAt: number | undefined;
}

const byBytes = (a: ModelRow, b: ModelRow): number => {
  const x = new TextEncoder().encode(a.sk);
  const y = new TextEncoder().encode(b.sk);
  const i = x.findIndex((byte, at) => byte !== y[at]);
  return i === -1 ? x.length - y.length : (x[i] as number) - (y[i] ?? -1);
};

/** The laws of a Table in the plainest words: lists that are searched from end to end. */
export class TableModel {
  readonly #clock: Clock;
  readonly #rows = new Map<string, ModelRow[]>();
  readonly #heads = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  visible(pk: string): ModelRow[] {
    const now = toSeconds(this.#clock.now());
    const rows = this.#rows.get(pk) ?? [];
    return rows.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now).sort(byBytes);
  }

  get(pk: string, sk: string): ModelRow | undefined {
    return this.visible(pk).find((row) => row.sk === sk);
  }

  mayPut(pk: string, sk: string, { ifAbsent, ifVersion }: PutOptions): boolean {
    const row = this.get(pk, sk);
    if (ifAbsent === true && row !== undefined) return false;
    return ifVersion === undefined || row?.version === ifVersion;
  }

  set(pk: string, row: ModelRow): void {
    this.delete(pk, row.sk);
    this.#rows.set(pk, [...(this.#rows.get(pk) ?? []), row]);
  }

  delete(pk: string, sk: string): void {
    this.#rows.set(
      pk,
      (this.#rows.get(pk) ?? []).filter((row) => row.sk !== sk),
    );
  }

  head(pk: string): number {
    return this.#heads.get(pk) ?? 0;
  }

  /** The number that an append gets, or undefined where it is refused. */
  append(pk: string, { at }: AppendOptions): { seq: number; sk: string } | undefined {
    const seq = this.head(pk) + 1;
    if (at !== undefined && at !== seq) return undefined;
    this.#heads.set(pk, seq);
    return { seq, sk: place(seq) };
  }

  query(pk: string, { after, before, limit, reverse }: QueryOptions): ModelRow[] {
    const bound = (sk: string): ModelRow => ({ sk, body: {}, version: 0, expiresAt: undefined });
    const rows = this.visible(pk).filter(
      (row) =>
        (after === undefined || byBytes(row, bound(after)) > 0) &&
        (before === undefined || byBytes(row, bound(before)) < 0),
    );
    return (reverse === true ? rows.reverse() : rows).slice(0, limit);
  }
}
