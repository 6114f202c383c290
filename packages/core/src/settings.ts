import { type Buckets, defaultBuckets, defaultLimits, type Limits } from '@aideals/protocol';

/** What a deployment may set of the core. */
export interface Settings {
  readonly limits: Readonly<Limits>;
  readonly buckets: Readonly<Buckets>;
  /** How long before its end a client is told that its token expires; a minute where it is left out. */
  readonly tokenWarningSeconds?: number;
  /** What tells which of two connections is the newer: their ids, or, where those are not ours and do not sort, the clock. */
  readonly newerBy?: 'id' | 'time';
}

export const defaultSettings: Settings = { limits: defaultLimits, buckets: defaultBuckets };
