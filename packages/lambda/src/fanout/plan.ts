import type { Frame } from '@aideals/core';
import type { BucketRule } from '@aideals/protocol';

/** What goes first where sending waits. */
export const LANES = ['messages', 'deals'] as const;
export type Lane = (typeof LANES)[number];

export const laneOf = ({ offset }: Frame): Lane => (offset === undefined ? 'messages' : 'deals');

/** Of the account and region, for all calls to `@connections` of all its APIs. */
export interface Quota {
  readonly perSecond: number;
  readonly burst: number;
  /** How much of it this deployment takes: over 0, up to 1. */
  readonly share: number;
}

/** The one bucket from which all functions take what they send. */
export const bucketOf = ({ perSecond, burst, share }: Quota): BucketRule => ({
  perMinute: Math.max(1, Math.floor(perSecond * share * 60)),
  burst: Math.max(1, Math.floor(burst * share)),
});

/** Connections of one piece of work: small enough that a lane above is never kept waiting for long. */
export const CHUNK = 500;

/** Fewer are sent to at once, by whoever publishes, as long as the bucket has room. */
export const DIRECT = 250;

/** Workers at once, at most. */
export const WORKERS = 20;
/** What one worker is good for, before it is worth another. */
const WORKER_SHARE = 2_000;

export const chunksOf = <T>(list: readonly T[], size: number = CHUNK): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** How many workers so many waiting sends are worth. */
export const workersFor = (waiting: number): number => Math.min(WORKERS, Math.ceil(waiting / WORKER_SHARE));

/** Seconds until what waits is sent, as the quota has it. */
export const etaSeconds = (waiting: number, quota: Quota): number => {
  const { perMinute, burst } = bucketOf(quota);
  return Math.max(0, (waiting - burst) * 60) / perMinute;
};

/** The shortest time in which the quota lets so many sends through, in seconds, after a pause that has filled its burst. */
export const limitSeconds = (sends: number, quota: Quota): number => etaSeconds(sends, quota);

/** A piece of work as the queue lists it. */
export interface Waiting {
  readonly sk: string;
  readonly version: number;
  /** Unix milliseconds until which a worker has it; 0 where none has. */
  readonly until: number;
  readonly count: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Of the first pieces that no one has, any: workers that look at once do not all take the same. */
const LOOKED_AT = 8;

export const pick = (waiting: readonly Waiting[], now: number, chance: number): Waiting | undefined => {
  const free = waiting.filter(({ until }) => until <= now).slice(0, LOOKED_AT);
  return free[Math.floor(chance * free.length)];
};

/** Whoever gets a newer state of the same thing as well is not sent this one. */
export const withoutConflated = (ids: readonly string[], newer: ReadonlySet<string> | undefined): readonly string[] =>
  newer === undefined ? ids : ids.filter((id) => !newer.has(id));
