/** A token bucket: `burst` tokens at most, `perMinute` come back each minute. */
export interface BucketRule {
  readonly perMinute: number;
  readonly burst: number;
}

/** The limits of the wire that any deployment keeps, with their defaults. Sizes in bytes, times in seconds. */
export interface Limits {
  messageBytes: number;
  contentBytes: number;
  nesting: number;
  fragments: number;
  bodyBytes: number;
  subscriptionsPerConnection: number;
  connectionsPerUser: number;
  connections: number;
  mailbox: number;
  idleSeconds: number;
  heartbeatSeconds: number;
  goneSeconds: number;
  tokenGraceSeconds: number;
  retentionMessagesDays: number;
  retentionNotificationsDays: number;
  retentionEventsSeconds: number;
  retentionEvents: number;
  outboxSoftBytes: number;
  outboxHardBytes: number;
  outboxStallSeconds: number;
  frameQueue: number;
}

export const defaultLimits: Readonly<Limits> = {
  messageBytes: 131_072,
  contentBytes: 8_192,
  nesting: 64,
  fragments: 16_384,
  bodyBytes: 1_048_576,
  subscriptionsPerConnection: 100,
  connectionsPerUser: 50,
  connections: 100_000,
  mailbox: 10_000,
  idleSeconds: 600,
  heartbeatSeconds: 25,
  goneSeconds: 60,
  tokenGraceSeconds: 30,
  retentionMessagesDays: 30,
  retentionNotificationsDays: 30,
  retentionEventsSeconds: 3_600,
  retentionEvents: 1_000_000,
  outboxSoftBytes: 262_144,
  outboxHardBytes: 1_048_576,
  outboxStallSeconds: 30,
  frameQueue: 64,
};

/** Of one user, but for `connectIp` (one address) and `publish` (one principal; off where it is null). */
export const defaultBuckets = {
  connect: { perMinute: 60, burst: 60 },
  connectIp: { perMinute: 600, burst: 600 },
  sendMessage: { perMinute: 60, burst: 60 },
  subscribe: { perMinute: 60, burst: 60 },
  other: { perMinute: 240, burst: 240 },
  publish: null,
} as const satisfies Record<string, BucketRule | null>;

export type BucketName = keyof typeof defaultBuckets;
export type Buckets = Record<BucketName, BucketRule | null>;
