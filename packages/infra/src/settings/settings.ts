import { defaultLimits } from '@aideals/protocol';
import { z } from 'zod';
import { functionNames } from '../functions/names.js';
import { counts, flag, listOf, networks, origins, text, variables, whole } from './readers.js';

const ALGORITHMS = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** What CloudWatch takes. */
const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Variables of the functions that the app sets itself, by other settings. */
const SET_BY_THE_APP: Readonly<Record<string, string>> = {
  AIDEALS_TABLE: 'namePrefix',
  AIDEALS_BROADCAST_FUNCTION: 'namePrefix',
  AIDEALS_JWT_SECRET_PREVIOUS: 'jwtPreviousSecretVersion',
  AIDEALS_JWT_PUBLIC_KEY: 'jwtPublicKey',
  AIDEALS_JWKS_URL: 'jwksUrl',
  AIDEALS_JWT_ISSUER: 'jwtIssuer',
  AIDEALS_JWT_AUDIENCE: 'jwtAudience',
  AIDEALS_API_KEYS: 'apiKey',
  AIDEALS_ALLOWED_ORIGINS: 'allowedOrigins',
  AIDEALS_IP_ALLOW: 'ipAllow',
  AIDEALS_IP_DENY: 'ipDeny',
  AIDEALS_MAX_CONNECTIONS: 'maxConnections',
};

const isOurs = (name: string): boolean => /^AIDEALS_[A-Z0-9_]+$/u.test(name) && !(name in SET_BY_THE_APP);

const version = text(/^[0-9a-f-]{32,64}$/u, 'must be the VersionId that put-secret-value has told').optional();
const domain = text(
  /^(?=.{4,253}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/u,
  'must be a domain such as ws.example.com',
).optional();
const https = text(/^https:\/\/\S+$/u, 'must be a URL that begins with https://').optional();
const anyText = text(/\S/u, 'must not be empty').optional();

/** All that a deployment can be asked to be, by the names of context values, with their defaults. */
export const settingsSchema = z.strictObject({
  stage: text(/^[A-Za-z0-9_-]{1,128}$/u, 'must be 1 to 128 letters, digits, - and _').default('prod'),
  namePrefix: text(/^([a-z][a-z0-9-]{0,19}-)?$/u, 'must be up to 20 of a-z, 0-9 and -, and end with -').default(''),
  capacity: z.enum(['onDemand', 'autoScaling'], 'must be onDemand or autoScaling').default('onDemand'),
  capacityMin: whole(1, 40_000).default(25),
  capacityMax: whole(1, 40_000).default(4_000),
  logRetentionDays: whole(1, 3_653)
    .refine((days) => RETENTIONS.includes(days), `must be one of ${RETENTIONS.join(', ')}`)
    .default(30),
  reservedConcurrency: flag.default(true),
  concurrency: counts(functionNames, 1, 100_000).default({}),
  maxConnections: whole(1, 10_000_000).default(defaultLimits.connections),
  jwtAlgorithms: listOf((item) => ALGORITHMS.includes(item), 'is no algorithm; one is HS256')
    .refine((items) => items.length > 0, 'must name at least one algorithm')
    .default(['HS256']),
  jwtSecretVersion: version,
  jwtPreviousSecretVersion: version,
  jwtPublicKey: text(
    /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/u,
    'must be a public key or certificate in PEM',
  ).optional(),
  jwksUrl: https,
  jwtIssuer: anyText,
  jwtAudience: anyText,
  apiKey: flag.default(false),
  allowedOrigins: origins.default([]),
  ipAllow: networks.default([]),
  ipDeny: networks.default([]),
  environment: variables(
    isOurs,
    `is none of the AIDEALS_ variables that may be set here; others have a setting of their own`,
  ).default({}),
  webSocketDomain: domain,
  httpDomain: domain,
  certificateArn: text(
    /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/\S+$/u,
    'must be the ARN of a certificate of ACM',
  ).optional(),
  alarmEmail: text(/^[^@\s]+@[^@\s]+\.[^@\s]+$/u, 'must be an address such as ops@example.com').optional(),
  apiGatewayLoggingRole: flag.default(true),
  redis: flag.default(false),
  redisNodeType: text(/^cache\.[a-z0-9]+\.[a-z0-9]+$/u, 'must be a node type such as cache.t4g.small').default(
    'cache.t4g.small',
  ),
  natGateways: whole(1, 2).default(2),
  bridgeImage: text(
    /^[a-z0-9][\w.-]*(:\d+)?\/[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/u,
    'must be an image with its registry and tag or digest',
  ).optional(),
  cloudFront: flag.default(false),
  webAclArn: text(
    /^arn:[a-z-]+:wafv2:us-east-1:\d{12}:global\/webacl\/\S+$/u,
    'must be the ARN of a web ACL for CloudFront',
  ).optional(),
});

export type Settings = z.output<typeof settingsSchema>;
