import { createPublicKey } from 'node:crypto';
import type { Config } from './settings.js';

/** What several settings say together: `problems` stop the start, `warnings` are logged. One line each. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

const SECRET_BYTES = 32;
const RSA_BITS = 2048;

const isHmac = (algorithm: string): boolean => algorithm.startsWith('HS');

const curves: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** What a key must be for an algorithm; undefined where it is. */
const misfit = (pem: string, algorithm: string): string | undefined => {
  const key = createPublicKey(pem);
  const kind = key.asymmetricKeyType;
  if (/^[RP]S/u.test(algorithm)) {
    if (kind !== 'rsa') return 'an RSA key';
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS ? `an RSA key of ${RSA_BITS} bits` : undefined;
  }
  if (algorithm.startsWith('Ed')) return kind === 'ed25519' ? undefined : 'an Ed25519 key';
  return key.asymmetricKeyDetails?.namedCurve === curves[algorithm] ? undefined : `an EC key on ${curves[algorithm]}`;
};

const secretRules = (config: Config, production: boolean, { problems, warnings }: Findings): void => {
  const hmac = config.jwtAlgorithms.filter(isHmac);
  if (config.jwtSecret === undefined) return;
  if (hmac.length === 0) {
    warnings.push(`JWT_SECRET is not used: JWT_ALGORITHM (${config.jwtAlgorithms.join(',')}) names no HS algorithm`);
  }
  const bytes = Buffer.byteLength(config.jwtSecret);
  if (bytes >= SECRET_BYTES) return;
  const line = `JWT_SECRET: has ${bytes} bytes; give it at least ${SECRET_BYTES}, such as $(openssl rand -base64 48)`;
  (production ? problems : warnings).push(line);
};

const publicKeyRules = (config: Config, { problems }: Findings): void => {
  const { jwtPublicKey: pem, jwksUrl } = config;
  const asymmetric = config.jwtAlgorithms.filter((algorithm) => !isHmac(algorithm));
  const given = pem === undefined ? 'AIDEALS_JWKS_URL' : 'AIDEALS_JWT_PUBLIC_KEY';
  if (pem !== undefined && jwksUrl !== undefined) {
    problems.push('AIDEALS_JWKS_URL: AIDEALS_JWT_PUBLIC_KEY is set too; unset one of them');
    return;
  }
  if (pem === undefined && jwksUrl === undefined) {
    if (asymmetric.length > 0) {
      problems.push(
        `JWT_ALGORITHM: ${asymmetric[0]} needs AIDEALS_JWT_PUBLIC_KEY or AIDEALS_JWKS_URL; set one of them`,
      );
    }
    return;
  }
  if (asymmetric.length === 0) {
    const names = config.jwtAlgorithms.join(',');
    problems.push(
      `JWT_ALGORITHM: ${names} does not use ${given}; name the algorithms of its keys, such as RS256 or ES256`,
    );
  }
  if (pem === undefined) return;
  for (const algorithm of asymmetric) {
    const needed = misfit(pem, algorithm);
    if (needed !== undefined) problems.push(`AIDEALS_JWT_PUBLIC_KEY: ${algorithm} needs ${needed}`);
  }
};

const keyRules = (config: Config, production: boolean, findings: Findings): void => {
  const { problems, warnings } = findings;
  const hmac = config.jwtAlgorithms.filter(isHmac);
  const isBare = config.jwtPublicKey === undefined && config.jwksUrl === undefined;
  secretRules(config, production, findings);
  publicKeyRules(config, findings);
  if (config.jwtSecret === undefined && hmac.length > 0) {
    if (!isBare) {
      problems.push(
        `JWT_ALGORITHM: ${hmac[0]} needs JWT_SECRET; set it, or name only the algorithms of the public keys`,
      );
    } else if (production) {
      problems.push('JWT_SECRET: is not set, and NODE_ENV is production; set it to at least 32 random bytes');
    } else {
      warnings.push('JWT_SECRET is not set: tokens are signed with a secret made for development alone');
    }
  }
  if (config.tokenIssue && hmac.length === 0) {
    problems.push('AIDEALS_TOKEN_ISSUE: needs an HMAC algorithm; add HS256 to JWT_ALGORITHM and set JWT_SECRET');
  }
  if (config.jwksUrl?.startsWith('http:') && production) {
    warnings.push('AIDEALS_JWKS_URL is plain http: who can change what it answers can sign tokens');
  }
};

const orderRules = (config: Config, { problems }: Findings): void => {
  const below = (lower: keyof Config, lowerName: string, upper: keyof Config, upperName: string): void => {
    if (Number(config[lower]) >= Number(config[upper])) {
      problems.push(`${upperName}: must be more than ${lowerName} (${config[lower]}); it is ${config[upper]}`);
    }
  };
  below('outboxSoftBytes', 'AIDEALS_OUTBOX_SOFT', 'outboxHardBytes', 'AIDEALS_OUTBOX_HARD');
  below('messageBytes', 'AIDEALS_MAX_MESSAGE_BYTES', 'outboxHardBytes', 'AIDEALS_OUTBOX_HARD');
  below('contentBytes', 'AIDEALS_MAX_CONTENT_BYTES', 'messageBytes', 'AIDEALS_MAX_MESSAGE_BYTES');
  below('heartbeatSeconds', 'AIDEALS_HEARTBEAT_SECONDS', 'goneSeconds', 'AIDEALS_GONE_SECONDS');
};

const nodeRules = (config: Config, { problems, warnings }: Findings): void => {
  const hasRedis = config.redisHost !== undefined || config.redisUrl !== undefined;
  const table = config.connectionsTable ?? config.connectionsTableName;
  if (config.redisHost !== undefined && config.redisUrl !== undefined) {
    warnings.push('REDIS_HOST is not used: AIDEALS_REDIS_URL is set, and wins');
  }
  const { connectionsTable: one, connectionsTableName: other } = config;
  if (one !== undefined && other !== undefined && one !== other) {
    problems.push(`CONNECTIONS_TABLE_NAME: is ${other}, and CONNECTIONS_TABLE is ${one}; unset one of them`);
  }
  if (config.workers > 0 && (hasRedis || table !== undefined)) {
    problems.push('AIDEALS_WORKERS: is for the embedded store; with Redis or DynamoDB start more nodes, and unset it');
  }
  if (hasRedis && table === undefined) {
    warnings.push(
      'Redis without CONNECTIONS_TABLE is meant for one node: a second one shares deal events with it, but neither chat nor notifications',
    );
  }
};

/** Checks what no single setting can tell. */
export const findingsOf = (config: Config): Findings => {
  const findings: Findings = { problems: [], warnings: [] };
  keyRules(config, config.nodeEnv === 'production', findings);
  orderRules(config, findings);
  nodeRules(config, findings);
  if (!config.rateLimit) findings.warnings.push('AIDEALS_RATE_LIMIT is off: anyone may send as much as they like');
  if (config.forgetful) findings.warnings.push('AIDEALS_FORGETFUL is on: slow, and meant for tests alone');
  return findings;
};
