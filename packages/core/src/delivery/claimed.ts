import type { JsonObject } from '@aideals/protocol';
import type { Appended, AppendOptions, Row, Table } from '../ports/index.js';
import { place } from '../ports/index.js';

/**
 * The note of a step that must happen once, however often it is asked for: what is to be stored, and the places meant for
 * it. A repeat after a crash walks the same steps and completes them.
 */
export interface Claim extends JsonObject {
  id: string;
  digest: string;
  /** Unix milliseconds of the first attempt. */
  at: number;
  /** Meant place in the conversation. */
  sequence: number;
  /** Meant place in the mailbox. */
  place: number;
  done: boolean;
}

export interface HeldClaim {
  readonly claim: Claim;
  readonly version: number;
}

const held = (row: Row): HeldClaim => ({ claim: row.body as Claim, version: row.version });

/**
 * The flush of all that was written so far. Whoever finds a step taken by another must
 * wait for it as well: found is not yet durable.
 */
export const written = async (table: Table): Promise<{ readonly flushed: Promise<void> }> => table.putMany([]);

/** Takes a claim, or finds the one that is there. */
export const takeClaim = async (
  table: Table,
  pk: string,
  sk: string,
  claim: () => Promise<Claim>,
  expiresAt: number,
): Promise<HeldClaim & { readonly fresh: boolean }> => {
  for (;;) {
    const present = await table.get(pk, sk);
    if (present !== undefined) return { ...held(present), fresh: false };
    const body = await claim();
    const put = await table.put(pk, sk, body, { ifAbsent: true, expiresAt });
    if (put.stored) return { claim: body, version: put.version, fresh: true };
  }
};

/**
 * Changes a claim; where another walks the same claim and was faster, its state is taken over, and where the claim expired
 * meanwhile it is taken anew.
 */
export const moveClaim = async (
  table: Table,
  pk: string,
  sk: string,
  present: HeldClaim,
  change: Partial<Claim>,
  expiresAt: number,
): Promise<HeldClaim & { readonly flushed: Promise<void> }> => {
  const claim = { ...present.claim, ...change } as Claim;
  const moved = await table.put(pk, sk, claim, { ifVersion: present.version, expiresAt });
  if (moved.stored) return { claim, version: moved.version, flushed: moved.flushed };
  for (;;) {
    const now = await table.get(pk, sk);
    if (now !== undefined) return { ...held(now), ...(await written(table)) };
    const taken = await table.put(pk, sk, claim, { ifAbsent: true, expiresAt });
    if (taken.stored) return { claim, version: taken.version, flushed: taken.flushed };
  }
};

export interface ClaimedAppend {
  readonly table: Table;
  readonly pk: string;
  readonly body: JsonObject;
  readonly options: AppendOptions;
  /** Whether the row that stands at the meant place is this claim's own. */
  readonly own: (row: Row) => boolean;
  /** Moves the claim on to a place, and tells the place that it then means. */
  readonly moveOn: (to: number) => Promise<number>;
}

/**
 * Appends at the place that a claim means. Where that place is taken by another's row, or lies at or below the head without
 * one, the claim moves on to the next free one.
 */
export const appendClaimed = async (
  given: ClaimedAppend,
  meant: number,
): Promise<Extract<Appended, { stored: true }>> => {
  const { table, pk, body, options, own, moveOn } = given;
  let at = meant;
  for (;;) {
    const appended = await table.append(pk, body, { ...options, at });
    if (appended.stored) return appended;
    const row = await table.get(pk, place(at));
    if (row !== undefined && own(row)) return { stored: true, seq: at, ...(await written(table)) };
    at = await moveOn((await table.head(pk)) + 1);
  }
};
