import { type Buckets, defaultBuckets, defaultLimits, type Limits } from '@aideals/protocol';

/** What a deployment may set of the core. */
export interface Settings {
  readonly limits: Readonly<Limits>;
  readonly buckets: Readonly<Buckets>;
}

export const defaultSettings: Settings = { limits: defaultLimits, buckets: defaultBuckets };
