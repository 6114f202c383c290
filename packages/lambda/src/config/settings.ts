import type { ApiKey } from '@aideals/core';
import { type BucketRule, defaultBuckets, defaultLimits } from '@aideals/protocol';
import * as is from './values.js';

interface Setting<T> {
  readonly env: string;
  readonly read: is.Read<T>;
  readonly otherwise: T;
}

const setting = <T>(env: string, read: is.Read<T>, otherwise: T): Setting<T> => ({ env, read, otherwise });

const optional = <T>(env: string, read: is.Read<T>): Setting<T | undefined> => ({ env, read, otherwise: undefined });

const limits = defaultLimits;
const buckets = defaultBuckets;

/** The variables that the functions read besides those of DynamoDB. Names, meanings and defaults are the server's. */
export const settings = {
  jwtSecret: optional('JWT_SECRET', is.text),
  previousSecret: optional('AIDEALS_JWT_SECRET_PREVIOUS', is.text),
  jwtAlgorithms: setting('JWT_ALGORITHM', is.algorithms, ['HS256']),
  jwtPublicKey: optional('AIDEALS_JWT_PUBLIC_KEY', is.pem),
  jwksUrl: optional('AIDEALS_JWKS_URL', is.url),
  jwtIssuer: optional('AIDEALS_JWT_ISSUER', is.text),
  jwtAudience: optional('AIDEALS_JWT_AUDIENCE', is.text),
  tokenIssue: setting('AIDEALS_TOKEN_ISSUE', is.flag, false),
  apiKeys: setting<readonly ApiKey[]>('AIDEALS_API_KEYS', is.apiKeys, []),
  allowedOrigins: optional('AIDEALS_ALLOWED_ORIGINS', is.origins),
  ipAllow: optional('AIDEALS_IP_ALLOW', is.networks),
  ipDeny: setting<readonly string[]>('AIDEALS_IP_DENY', is.networks, []),
  trustedProxies: setting<readonly string[]>('AIDEALS_TRUSTED_PROXIES', is.networks, []),
  rateLimit: setting('AIDEALS_RATE_LIMIT', is.flag, true),
  connect: setting<BucketRule | null>('AIDEALS_RATE_CONNECT', is.perMinute, buckets.connect),
  connectIp: setting<BucketRule | null>('AIDEALS_RATE_CONNECT_IP', is.perMinute, buckets.connectIp),
  sendMessage: setting<BucketRule | null>('AIDEALS_RATE_SEND_MESSAGE', is.perMinute, buckets.sendMessage),
  subscribe: setting<BucketRule | null>('AIDEALS_RATE_SUBSCRIBE', is.perMinute, buckets.subscribe),
  other: setting<BucketRule | null>('AIDEALS_RATE_OTHER', is.perMinute, buckets.other),
  publish: setting<BucketRule | null>('AIDEALS_RATE_PUBLISH', is.perMinute, buckets.publish),
  tokenGraceSeconds: setting('AIDEALS_TOKEN_GRACE', is.whole(0, 3_600), limits.tokenGraceSeconds),
  connections: setting('AIDEALS_MAX_CONNECTIONS', is.whole(1, 10_000_000), limits.connections),
  connectionsPerUser: setting('AIDEALS_MAX_CONNECTIONS_PER_USER', is.whole(1, 1_000_000), limits.connectionsPerUser),
  messageBytes: setting('AIDEALS_MAX_MESSAGE_BYTES', is.whole(1_024, limits.messageBytes), limits.messageBytes),
  contentBytes: setting('AIDEALS_MAX_CONTENT_BYTES', is.whole(1, limits.messageBytes), limits.contentBytes),
  bodyBytes: setting('AIDEALS_MAX_BODY_BYTES', is.whole(1_024, 6_291_456), limits.bodyBytes),
  subscriptionsPerConnection: setting(
    'AIDEALS_MAX_SUBSCRIPTIONS',
    is.whole(1, 10_000),
    limits.subscriptionsPerConnection,
  ),
  retentionMessagesDays: setting('AIDEALS_RETENTION_MESSAGES_DAYS', is.whole(1, 3_650), limits.retentionMessagesDays),
  retentionNotificationsDays: setting(
    'AIDEALS_RETENTION_NOTIFICATIONS_DAYS',
    is.whole(1, 3_650),
    limits.retentionNotificationsDays,
  ),
  retentionEventsSeconds: setting(
    'AIDEALS_RETENTION_EVENTS_SECONDS',
    is.whole(1, 31_536_000),
    limits.retentionEventsSeconds,
  ),
  retentionEvents: setting('AIDEALS_RETENTION_EVENTS', is.whole(1, 1_000_000_000), limits.retentionEvents),
  mailbox: setting('AIDEALS_MAILBOX_MAX', is.whole(1, 10_000_000), limits.mailbox),
  redisUrl: optional('AIDEALS_REDIS_URL', is.text),
  redisHost: optional('REDIS_HOST', is.text),
  redisPort: setting('REDIS_PORT', is.whole(1, 65_535), 6_379),
  redisPassword: optional('REDIS_PASSWORD', is.text),
  redisUsername: optional('AIDEALS_REDIS_USERNAME', is.text),
  redisSsl: setting('REDIS_SSL', is.flag, false),
  redisPrefix: setting('AIDEALS_REDIS_PREFIX', is.prefix, 'aideals'),
  stage: setting('STAGE', is.text, 'prod'),
  apiId: optional('API_GATEWAY_ID', is.text),
  /** The function that other functions start as a worker. */
  broadcastFunction: setting('AIDEALS_BROADCAST_FUNCTION', is.text, 'broadcast'),
  /** The quota of requests to `@connections` that the account has, for all its APIs in the region. */
  quotaPerSecond: setting('AIDEALS_FANOUT_PER_SECOND', is.whole(1, 10_000_000), 10_000),
  quotaBurst: setting('AIDEALS_FANOUT_BURST', is.whole(1, 10_000_000), 5_000),
  /** The share of the account's quota of requests to `@connections` that this deployment may use. */
  quotaShare: setting('AIDEALS_FANOUT_SHARE', is.share, 0.8),
};

type Values = { readonly [K in keyof typeof settings]: (typeof settings)[K]['otherwise'] };

export type SettingValues = Values;

export const settingList = Object.entries(settings) as readonly (readonly [string, Setting<unknown>])[];
