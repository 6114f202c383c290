import { defaultBuckets, defaultLimits } from '@aideals/protocol';
import * as is from './value-types.js';

/** One variable of the environment. */
export interface Setting<T> {
  readonly env: string;
  readonly group: string;
  readonly type: is.ValueType<T>;
  /** Undefined where it is off or not there unless it is set. */
  readonly default: T | undefined;
  readonly about: string;
  readonly example: string;
  readonly secret: boolean;
}

interface Given<T> {
  readonly type: is.ValueType<T>;
  readonly about: string;
  readonly example: string;
  readonly secret?: true;
}

/** A setting that always has a value. */
const setting = <T>(env: string, given: Given<T> & { readonly default: T }) => ({
  env,
  group: '',
  secret: false,
  ...given,
});

/** A setting that may be left out. */
const optional = <T>(env: string, given: Given<T>) => ({
  env,
  group: '',
  secret: false,
  default: undefined,
  ...given,
});

const group = <S extends Record<string, { group: string }>>(name: string, settings: S): S => {
  for (const each of Object.values(settings)) each.group = name;
  return settings;
};

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

const KiB = 1024;
const MiB = 1024 * KiB;
const limits = defaultLimits;

const server = group('Server', {
  port: setting('PORT', {
    type: is.whole(0, 65_535),
    default: 3001,
    about: 'The TCP port to listen on; 0 takes a free one.',
    example: '8080',
  }),
  host: setting('HOST', {
    type: is.text,
    default: '127.0.0.1',
    about: 'The address to listen on. Behind a load balancer on another machine, `0.0.0.0` or `::`.',
    example: '0.0.0.0',
  }),
  nodeEnv: setting('NODE_ENV', {
    type: is.text,
    default: 'development',
    about: 'With `production`, keys must be configured and long enough, and browsers come from the own origin alone.',
    example: 'production',
  }),
  stage: setting('STAGE', {
    type: is.stage,
    default: 'prod',
    about: 'Upgrades are taken on `/`, `/ws` and `/STAGE`, so that a URL of API Gateway needs another host alone.',
    example: 'dev',
  }),
  dataDir: setting('AIDEALS_DATA_DIR', {
    type: is.text,
    default: '.aideals',
    about: 'The folder of the embedded store. One server at a time may use it.',
    example: '/var/lib/aideals',
  }),
  drainSeconds: setting('AIDEALS_DRAIN_SECONDS', {
    type: is.seconds(0, 3_600),
    default: 10,
    about:
      'How long a stop may take: what is under way ends, what waits is sent, then the connections close with 1012.',
    example: '30',
  }),
  logLevel: setting<LogLevel>('AIDEALS_LOG_LEVEL', {
    type: is.oneOf(logLevels),
    default: 'info',
    about: 'The least level that is logged.',
    example: 'debug',
  }),
  workers: setting('AIDEALS_WORKERS', {
    type: is.workers,
    default: 0,
    about:
      'Processes that serve connections, over the one store that the first process keeps; `auto` is one for each core. 0: everything in one process. Not with Redis or DynamoDB, where nodes are started instead.',
    example: 'auto',
  }),
  forgetful: setting('AIDEALS_FORGETFUL', {
    type: is.flag,
    default: false,
    about: 'For tests: the memory of the engine is thrown away after each exchange, as a Lambda’s may be.',
    example: '1',
  }),
});

const keys = group('Keys and tokens', {
  jwtSecret: optional('JWT_SECRET', {
    type: is.text,
    about: 'The secret of HS256, HS384 and HS512. At least 32 bytes; required so when `NODE_ENV=production`.',
    example: '$(openssl rand -base64 48)',
    secret: true,
  }),
  jwtAlgorithms: setting('JWT_ALGORITHM', {
    type: is.algorithms,
    default: ['HS256'],
    about: 'The algorithms that tokens may be signed with.',
    example: 'RS256,ES256',
  }),
  jwtPublicKey: optional('AIDEALS_JWT_PUBLIC_KEY', {
    type: is.publicKey,
    about: 'The public key or certificate of RS*, PS*, ES* or EdDSA, in PEM.',
    example: '-----BEGIN PUBLIC KEY-----\\n…',
  }),
  jwksUrl: optional('AIDEALS_JWKS_URL', {
    type: is.httpUrl,
    about: 'Where the key set of the identity provider is, in place of a public key.',
    example: 'https://id.example.com/.well-known/jwks.json',
  }),
  jwtIssuer: optional('AIDEALS_JWT_ISSUER', {
    type: is.text,
    about: 'What `iss` of a token must be.',
    example: 'https://id.example.com/',
  }),
  jwtAudience: optional('AIDEALS_JWT_AUDIENCE', {
    type: is.text,
    about: 'What `aud` of a token must be or hold.',
    example: 'aideals',
  }),
  tokenIssue: setting('AIDEALS_TOKEN_ISSUE', {
    type: is.flag,
    default: false,
    about: '`refreshToken` without a token issues one for an hour. Needs an HMAC algorithm.',
    example: '1',
  }),
  tokenGraceSeconds: setting('AIDEALS_TOKEN_GRACE', {
    type: is.seconds(0, 3_600),
    default: limits.tokenGraceSeconds,
    about: 'How long a connection with an expired token may still refresh it.',
    example: '60',
  }),
  apiKeys: setting('AIDEALS_API_KEYS', {
    type: is.apiKeys,
    default: [],
    about: 'Keys of backends: as Bearer or in X-Api-Key. The scope is `publish` where none is given.',
    example: 'crawler:3f9c2a71d5:publish,ops:8be41c07aa:publish+admin',
    secret: true,
  }),
  awsKeys: setting('AIDEALS_AWS_KEYS', {
    type: is.awsKeys,
    default: [],
    about: 'Keys that calls in the manner of AWS are signed with.',
    example: 'AKIDEXAMPLE:wJalrXUtnFEMI',
    secret: true,
  }),
});

const admission = group('Who may connect', {
  allowedOrigins: optional('AIDEALS_ALLOWED_ORIGINS', {
    type: is.origins,
    about:
      'Origins whose pages may connect and call; `*` is any, `null` only where it is listed. Unset: any, but in production the server’s own alone.',
    example: 'https://app.example.com',
  }),
  ipAllow: optional('AIDEALS_IP_ALLOW', {
    type: is.networks,
    about: 'Networks that alone may connect and call.',
    example: '10.0.0.0/8,2001:db8::/32',
  }),
  ipDeny: setting('AIDEALS_IP_DENY', {
    type: is.networks,
    default: [],
    about: 'Networks that may not, also where they are in AIDEALS_IP_ALLOW.',
    example: '203.0.113.0/24',
  }),
  trustedProxies: setting('AIDEALS_TRUSTED_PROXIES', {
    type: is.networks,
    default: [],
    about: 'Networks of proxies whose X-Forwarded-For and X-Forwarded-Host count.',
    example: '127.0.0.1/32',
  }),
  connections: setting('AIDEALS_MAX_CONNECTIONS', {
    type: is.whole(1, 10_000_000),
    default: limits.connections,
    about: 'Connections of one server; the next is answered 503.',
    example: '20000',
  }),
  connectionsPerUser: setting('AIDEALS_MAX_CONNECTIONS_PER_USER', {
    type: is.whole(1, 1_000_000),
    default: limits.connectionsPerUser,
    about: 'Connections of one user; the next is answered 429.',
    example: '10',
  }),
});

const rates = group('Rates', {
  rateLimit: setting('AIDEALS_RATE_LIMIT', {
    type: is.onOff,
    default: true,
    about: 'Off turns all token buckets off.',
    example: 'off',
  }),
  rateConnect: setting('AIDEALS_RATE_CONNECT', {
    type: is.perMinute,
    default: defaultBuckets.connect,
    about: 'Connects of one user.',
    example: '5',
  }),
  rateConnectIp: setting('AIDEALS_RATE_CONNECT_IP', {
    type: is.perMinute,
    default: defaultBuckets.connectIp,
    about: 'Connects from one address.',
    example: '100',
  }),
  rateSendMessage: setting('AIDEALS_RATE_SEND_MESSAGE', {
    type: is.perMinute,
    default: defaultBuckets.sendMessage,
    about: '`sendMessage` of one user.',
    example: '10',
  }),
  rateSubscribe: setting('AIDEALS_RATE_SUBSCRIBE', {
    type: is.perMinute,
    default: defaultBuckets.subscribe,
    about: '`subscribeToDeals` and `unsubscribeFromDeals` of one user.',
    example: '5',
  }),
  rateOther: setting('AIDEALS_RATE_OTHER', {
    type: is.perMinute,
    default: defaultBuckets.other,
    about: 'All other actions and calls of one user.',
    example: '20',
  }),
  ratePublish: setting('AIDEALS_RATE_PUBLISH', {
    type: is.perMinute,
    default: defaultBuckets.publish,
    about: 'HTTP publishes of one user or key.',
    example: '6000',
  }),
});

const sizes = group('Sizes and times', {
  messageBytes: setting('AIDEALS_MAX_MESSAGE_BYTES', {
    type: is.whole(1 * KiB, 16 * MiB),
    default: limits.messageBytes,
    about: 'Bytes of one message, either way; a larger one from a client closes with 1009.',
    example: '32768',
  }),
  contentBytes: setting('AIDEALS_MAX_CONTENT_BYTES', {
    type: is.whole(1, 1 * MiB),
    default: limits.contentBytes,
    about: 'Bytes of UTF-8 in the `content` of a chat message.',
    example: '4096',
  }),
  bodyBytes: setting('AIDEALS_MAX_BODY_BYTES', {
    type: is.whole(1 * KiB, 64 * MiB),
    default: limits.bodyBytes,
    about: 'Bytes of the body of an HTTP call.',
    example: '4194304',
  }),
  subscriptionsPerConnection: setting('AIDEALS_MAX_SUBSCRIPTIONS', {
    type: is.whole(1, 10_000),
    default: limits.subscriptionsPerConnection,
    about: 'Subscriptions of one connection.',
    example: '20',
  }),
  idleSeconds: setting('AIDEALS_IDLE_SECONDS', {
    type: is.seconds(0.1, 86_400),
    default: limits.idleSeconds,
    about:
      'A connection without a message either way, and without a ping of the client, is closed with 4009 after this.',
    example: '1800',
  }),
  heartbeatSeconds: setting('AIDEALS_HEARTBEAT_SECONDS', {
    type: is.seconds(0.1, 3_600),
    default: limits.heartbeatSeconds,
    about: 'How often the server pings each connection.',
    example: '20',
  }),
  goneSeconds: setting('AIDEALS_GONE_SECONDS', {
    type: is.seconds(0.2, 86_400),
    default: limits.goneSeconds,
    about: 'A connection from which no byte came for so long is gone.',
    example: '50',
  }),
});

const delivery = group('Delivery', {
  retentionMessagesDays: setting('AIDEALS_RETENTION_MESSAGES_DAYS', {
    type: is.whole(1, 3_650),
    default: limits.retentionMessagesDays,
    about: 'How long chat messages are kept.',
    example: '90',
  }),
  retentionNotificationsDays: setting('AIDEALS_RETENTION_NOTIFICATIONS_DAYS', {
    type: is.whole(1, 3_650),
    default: limits.retentionNotificationsDays,
    about: 'How long notifications are kept.',
    example: '7',
  }),
  retentionEventsSeconds: setting('AIDEALS_RETENTION_EVENTS_SECONDS', {
    type: is.whole(1, 31_536_000),
    default: limits.retentionEventsSeconds,
    about: 'How long deal events are kept for clients that resume.',
    example: '86400',
  }),
  retentionEvents: setting('AIDEALS_RETENTION_EVENTS', {
    type: is.whole(1, 1_000_000_000),
    default: limits.retentionEvents,
    about: 'How many deal events are kept, where that is less.',
    example: '100000',
  }),
  mailbox: setting('AIDEALS_MAILBOX_MAX', {
    type: is.whole(1, 10_000_000),
    default: limits.mailbox,
    about: 'Messages and notifications that may wait for one user.',
    example: '1000',
  }),
  outboxSoftBytes: setting('AIDEALS_OUTBOX_SOFT', {
    type: is.whole(1 * KiB, 1024 * MiB),
    default: limits.outboxSoftBytes,
    about: 'Bytes waiting for one connection above which older updates of a deal or price make room for newer ones.',
    example: '131072',
  }),
  outboxHardBytes: setting('AIDEALS_OUTBOX_HARD', {
    type: is.whole(2 * KiB, 1024 * MiB),
    default: limits.outboxHardBytes,
    about: 'Bytes waiting for one connection above which it is closed with 4008.',
    example: '4194304',
  }),
  outboxStallSeconds: setting('AIDEALS_OUTBOX_STALL_SECONDS', {
    type: is.seconds(0.1, 3_600),
    default: limits.outboxStallSeconds,
    about: 'A connection that takes no byte for so long while something waits is closed with 4008.',
    example: '60',
  }),
  compressFrom: setting<number | null>('AIDEALS_COMPRESS_FROM', {
    type: is.bytesOrOff,
    default: 1_024,
    about:
      'Frames of so many bytes and more are compressed for clients that negotiated permessage-deflate; `off` negotiates none.',
    example: '512',
  }),
  directWrite: setting('AIDEALS_DIRECT_WRITE', {
    type: is.flag,
    default: true,
    about:
      'Writes to sockets past Node’s streams, where a trial at the start shows that it works; a fan-out costs less so.',
    example: '0',
  }),
});

const nodes = group('Several nodes', {
  redisHost: optional('REDIS_HOST', {
    type: is.text,
    about: 'Turns Redis (or Valkey) on: the log of events, what goes between nodes, and the limits are there.',
    example: 'redis.internal',
  }),
  redisPort: setting('REDIS_PORT', {
    type: is.whole(1, 65_535),
    default: 6379,
    about: 'The port of `REDIS_HOST`.',
    example: '6380',
  }),
  redisPassword: optional('REDIS_PASSWORD', {
    type: is.text,
    about: 'The password, where Redis wants one.',
    example: '$(cat /run/secrets/redis)',
    secret: true,
  }),
  redisUsername: optional('AIDEALS_REDIS_USERNAME', {
    type: is.text,
    about: 'The user of the access control list; the default user where it is left out.',
    example: 'aideals',
  }),
  redisSsl: setting('REDIS_SSL', {
    type: is.flag,
    default: false,
    about: 'Whether `REDIS_HOST` is spoken to in TLS.',
    example: '1',
  }),
  redisUrl: optional('AIDEALS_REDIS_URL', {
    type: is.text,
    about:
      'In place of `REDIS_HOST`: `redis://`, `rediss://` (TLS), `redis-cluster://host,host`, or `redis-sentinel://host,host/name-of-the-master`. Turns Redis on.',
    example: 'rediss://user:password@redis.internal:6379',
    secret: true,
  }),
  redisPrefix: setting('AIDEALS_REDIS_PREFIX', {
    type: is.prefix,
    default: 'aideals',
    about: 'Every key and channel on Redis begins with it. Two deployments on one Redis need two.',
    example: 'aideals-staging',
  }),
  connectionsTable: optional('CONNECTIONS_TABLE', {
    type: is.text,
    about:
      'Turns the store on DynamoDB on, and names the table of connections. `aideals dynamodb create` makes all three.',
    example: 'WebSocketConnections',
  }),
  connectionsTableName: optional('CONNECTIONS_TABLE_NAME', {
    type: is.text,
    about: 'Another name of `CONNECTIONS_TABLE`.',
    example: 'WebSocketConnections',
  }),
  subscriptionsTable: setting('SUBSCRIPTIONS_TABLE', {
    type: is.text,
    default: 'WebSocketSubscriptions',
    about: 'The table of subscriptions.',
    example: 'StagingSubscriptions',
  }),
  aidealsTable: setting('AIDEALS_TABLE', {
    type: is.text,
    default: 'Aideals',
    about: 'The table of everything else.',
    example: 'StagingAideals',
  }),
  awsRegion: optional('AWS_REGION', {
    type: is.text,
    about: 'The region of DynamoDB. Not needed where `AWS_ENDPOINT_URL_DYNAMODB` is set.',
    example: 'eu-central-1',
  }),
  region: optional('REGION', { type: is.text, about: 'Another name of `AWS_REGION`.', example: 'eu-central-1' }),
  dynamoEndpoint: optional('AWS_ENDPOINT_URL_DYNAMODB', {
    type: is.httpUrl,
    about: 'A DynamoDB of one’s own, in place of that of the region.',
    example: 'http://127.0.0.1:8000',
  }),
  leaseSeconds: setting('AIDEALS_LEASE_SECONDS', {
    type: is.whole(3, 600),
    default: 15,
    about: 'How long the connections of a node that died are taken for open. Renewed three times as often.',
    example: '30',
  }),
});

/** Every setting of the server, by its name in `Config`. */
export const settings = { ...server, ...keys, ...admission, ...rates, ...sizes, ...delivery, ...nodes };

export type Settings = typeof settings;
export type SettingName = keyof Settings;

type ValueOf<S> = S extends { default: undefined; type: is.ValueType<infer T> }
  ? T | undefined
  : S extends { type: is.ValueType<infer T> }
    ? T
    : never;

/** What the environment says, parsed. */
export type Config = { readonly [K in SettingName]: ValueOf<Settings[K]> };

/** Every setting in the order of the documents, without its exact type. */
export const settingList = Object.entries(settings) as unknown as readonly (readonly [SettingName, Setting<unknown>])[];
