import { generateKeyPairSync } from 'node:crypto';
import { defaultBuckets, defaultLimits } from '@aideals/protocol';
import { describe, expect, it } from 'vitest';
import { coreSettings } from './core-settings.js';
import { type Environment, parseConfig } from './parse.js';
import type { Config } from './settings.js';

const SECRET = 'a-secret-of-more-than-thirty-two-bytes';

const accepted = (env: Environment): { config: Config; warnings: readonly string[] } => {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed;
};

const problems = (env: Environment): readonly string[] => {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.problems;
};

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'pem' });

describe('parseConfig', () => {
  it('has the documented defaults', () => {
    const { config } = accepted({ JWT_SECRET: SECRET });
    expect(config).toMatchObject({ port: 3001, host: '127.0.0.1', dataDir: '.aideals', stage: 'prod' });
    expect(coreSettings(config)).toEqual({ limits: defaultLimits, buckets: defaultBuckets });
  });

  it('reads every kind of value', () => {
    const { config } = accepted({
      JWT_SECRET: SECRET,
      PORT: '8080',
      JWT_ALGORITHM: 'HS256, HS512',
      AIDEALS_TOKEN_ISSUE: '1',
      AIDEALS_API_KEYS: 'crawler:12345678,ops:abcdefgh:publish+admin',
      AIDEALS_AWS_KEYS: 'AKID:se:cret',
      AIDEALS_ALLOWED_ORIGINS: 'https://app.example.com, null',
      AIDEALS_IP_DENY: '10.0.0.0/8,::1',
      AIDEALS_RATE_SEND_MESSAGE: '10',
      AIDEALS_RATE_CONNECT: 'off',
      AIDEALS_HEARTBEAT_SECONDS: '0.5',
    });
    expect(config.port).toBe(8080);
    expect(config.jwtAlgorithms).toEqual(['HS256', 'HS512']);
    expect(config.tokenIssue).toBe(true);
    expect(config.apiKeys).toEqual([
      { name: 'crawler', key: '12345678', scopes: ['publish'] },
      { name: 'ops', key: 'abcdefgh', scopes: ['publish', 'admin'] },
    ]);
    expect(config.awsKeys).toEqual([{ accessKeyId: 'AKID', secret: 'se:cret' }]);
    expect(config.allowedOrigins).toEqual(['https://app.example.com', 'null']);
    expect(config.ipDeny).toEqual(['10.0.0.0/8', '::1/128']);
    expect(config.rateSendMessage).toEqual({ perMinute: 10, burst: 10 });
    expect(config.rateConnect).toBeNull();
    expect(config.heartbeatSeconds).toBe(0.5);
  });

  it('takes an empty variable as one that is not set', () => {
    expect(accepted({ JWT_SECRET: SECRET, PORT: '', AIDEALS_IP_ALLOW: ' ' }).config).toMatchObject({
      port: 3001,
      ipAllow: undefined,
    });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT: must be a whole number from 0 to 65535; it is "70000"'],
    [{ PORT: '3e3' }, 'PORT: must be a whole number from 0 to 65535; it is "3e3"'],
    [{ AIDEALS_IDLE_SECONDS: '-1' }, 'AIDEALS_IDLE_SECONDS: must be a number of seconds from 0.1 to 86400; it is "-1"'],
    [{ AIDEALS_RATE_LIMIT: 'maybe' }, 'AIDEALS_RATE_LIMIT: must be on or off; it is "maybe"'],
    [
      { AIDEALS_IP_ALLOW: '10.0.0.0/33' },
      'AIDEALS_IP_ALLOW: 10.0.0.0/33 is not an address or a network; write it as 10.0.0.0/8 or 2001:db8::/32; it is "10.0.0.0/33"',
    ],
    [
      { AIDEALS_ALLOWED_ORIGINS: 'https://a.example/x' },
      'AIDEALS_ALLOWED_ORIGINS: https://a.example/x is more than an origin; write https://a.example; it is "https://a.example/x"',
    ],
    [
      { AIDEALS_API_KEYS: 'crawler:12345678:publisch' },
      'AIDEALS_API_KEYS: the key of crawler has an unknown scope publisch; known are publish,admin',
    ],
    [
      { STAGE: 'v1' },
      'STAGE: must be 1 to 128 letters, digits, - and _, and none of the server’s own paths; it is "v1"',
    ],
    [
      { AIDEALS_JWKS_URL: 'ftp://x' },
      'AIDEALS_JWKS_URL: must be a URL that begins with https:// (or http://); it is "ftp://x"',
    ],
    [
      { AIDEALS_OUTBOX_HARD: '262144' },
      'AIDEALS_OUTBOX_HARD: must be more than AIDEALS_OUTBOX_SOFT (262144); it is 262144',
    ],
    [
      { AIDEALS_GONE_SECONDS: '20' },
      'AIDEALS_GONE_SECONDS: must be more than AIDEALS_HEARTBEAT_SECONDS (25); it is 20',
    ],
  ])('refuses %j in one line', (env, line) => {
    expect(problems({ JWT_SECRET: SECRET, ...env })).toEqual([line]);
  });

  it('never repeats a secret', () => {
    const lines = problems({
      JWT_SECRET: SECRET,
      AIDEALS_API_KEYS: 'no name:topsecretkey,',
      AIDEALS_AWS_KEYS: 'topsecretkey',
    });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('topsecretkey');
  });

  it('refuses an unknown name and tells the nearest', () => {
    expect(problems({ JWT_SECRET: SECRET, AIDEALS_DATADIR: 'x' })).toEqual([
      'AIDEALS_DATADIR: there is no such setting; did you mean AIDEALS_DATA_DIR?',
    ]);
    expect(problems({ JWT_SECRET: SECRET, AIDEALS_RATE_SENDMESSAGE: '1' })).toEqual([
      'AIDEALS_RATE_SENDMESSAGE: there is no such setting; did you mean AIDEALS_RATE_SEND_MESSAGE?',
    ]);
    expect(problems({ JWT_SECRET: SECRET, AIDEALS_ZZZZZZZZ: '1' })).toEqual([
      'AIDEALS_ZZZZZZZZ: there is no such setting',
    ]);
  });

  it('takes what turns several nodes on, and warns of what does not fit together', () => {
    const warnings = (env: Environment): readonly string[] => accepted({ JWT_SECRET: SECRET, ...env }).warnings;
    expect(warnings({ CONNECTIONS_TABLE: 'WebSocketConnections', REDIS_HOST: 'r' })).toEqual([]);
    expect(warnings({ CONNECTIONS_TABLE_NAME: 'WebSocketConnections' })).toEqual([]);
    expect(warnings({ REDIS_HOST: 'r' })).toEqual([expect.stringMatching(/meant for one node/u)]);
    const both = { CONNECTIONS_TABLE: 'x', REDIS_HOST: 'r', AIDEALS_REDIS_URL: 'redis://r' };
    expect(warnings(both)).toEqual(['REDIS_HOST is not used: AIDEALS_REDIS_URL is set, and wins']);
    expect(problems({ JWT_SECRET: SECRET, CONNECTIONS_TABLE: 'one', CONNECTIONS_TABLE_NAME: 'other' })).toEqual([
      'CONNECTIONS_TABLE_NAME: is other, and CONNECTIONS_TABLE is one; unset one of them',
    ]);
    expect(problems({ JWT_SECRET: SECRET, AIDEALS_REDIS_PREFIX: 'a:b' })).toEqual([
      'AIDEALS_REDIS_PREFIX: must be 1 to 64 letters, digits, - and _; it is "a:b"',
    ]);
  });

  it('tells all problems at once', () => {
    expect(problems({ JWT_SECRET: SECRET, PORT: 'x', AIDEALS_PORT: '1', REDIS_PORT: 'r' })).toHaveLength(3);
  });
});

describe('the keys', () => {
  it('are made for development where there are none, with a warning, and refused in production', () => {
    expect(accepted({}).warnings).toEqual([
      'JWT_SECRET is not set: tokens are signed with a secret made for development alone',
    ]);
    expect(problems({ NODE_ENV: 'production' })).toEqual([
      'JWT_SECRET: is not set, and NODE_ENV is production; set it to at least 32 random bytes',
    ]);
  });

  it('may be short, with a warning, but in production', () => {
    const line = 'JWT_SECRET: has 11 bytes; give it at least 32, such as $(openssl rand -base64 48)';
    expect(accepted({ JWT_SECRET: 'test-secret' }).warnings).toEqual([line]);
    expect(problems({ JWT_SECRET: 'test-secret', NODE_ENV: 'production' })).toEqual([line]);
  });

  it('must fit the algorithms', () => {
    const pem = String(rsa);
    expect(problems({ JWT_ALGORITHM: 'RS256' })).toEqual([
      'JWT_ALGORITHM: RS256 needs AIDEALS_JWT_PUBLIC_KEY or AIDEALS_JWKS_URL; set one of them',
    ]);
    expect(problems({ JWT_ALGORITHM: 'HS256,RS256', AIDEALS_JWT_PUBLIC_KEY: pem })).toEqual([
      'JWT_ALGORITHM: HS256 needs JWT_SECRET; set it, or name only the algorithms of the public keys',
    ]);
    expect(problems({ JWT_SECRET: SECRET, AIDEALS_JWT_PUBLIC_KEY: pem })).toEqual([
      'JWT_ALGORITHM: HS256 does not use AIDEALS_JWT_PUBLIC_KEY; name the algorithms of its keys, such as RS256 or ES256',
    ]);
    expect(problems({ JWT_ALGORITHM: 'ES256', AIDEALS_JWT_PUBLIC_KEY: pem })).toEqual([
      'AIDEALS_JWT_PUBLIC_KEY: ES256 needs an EC key on prime256v1',
    ]);
    expect(problems({ JWT_ALGORITHM: 'PS512', AIDEALS_JWT_PUBLIC_KEY: String(ec) })).toEqual([
      'AIDEALS_JWT_PUBLIC_KEY: PS512 needs an RSA key',
    ]);
    expect(problems({ JWT_ALGORITHM: 'RS256', AIDEALS_TOKEN_ISSUE: '1', AIDEALS_JWT_PUBLIC_KEY: pem })).toEqual([
      'AIDEALS_TOKEN_ISSUE: needs an HMAC algorithm; add HS256 to JWT_ALGORITHM and set JWT_SECRET',
    ]);
    expect(accepted({ JWT_ALGORITHM: 'RS256,PS256', AIDEALS_JWT_PUBLIC_KEY: pem }).warnings).toEqual([]);
  });

  it('may be written with escaped line ends', () => {
    const { config } = accepted({
      JWT_ALGORITHM: 'ES256',
      AIDEALS_JWT_PUBLIC_KEY: String(ec).replaceAll('\n', '\\n'),
    });
    expect(config.jwtPublicKey).toBe(String(ec));
  });
});

describe('the rates', () => {
  it('are all off with one switch, which warns', () => {
    const { config, warnings } = accepted({ JWT_SECRET: SECRET, AIDEALS_RATE_LIMIT: 'off' });
    expect(new Set(Object.values(coreSettings(config).buckets))).toEqual(new Set([null]));
    expect(warnings).toEqual(['AIDEALS_RATE_LIMIT is off: anyone may send as much as they like']);
  });
});
