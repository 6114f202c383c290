import { describe, expect, it } from 'vitest';
import { coreSettings, readConfig } from './config.js';

const enough = {
  JWT_SECRET: 'a-secret-of-thirty-two-bytes-or-more',
  CONNECTIONS_TABLE: 'connections',
  SUBSCRIPTIONS_TABLE: 'subscriptions',
  AIDEALS_TABLE: 'aideals',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000',
};

const problemOf = (env: Readonly<Record<string, string>>): string => {
  try {
    readConfig({ ...enough, ...env });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was wrong');
};

describe('the settings of a function', () => {
  it('are a secret, three tables and where DynamoDB is, and no more', () => {
    const config = readConfig(enough);
    expect(config.dynamo).toEqual({
      region: 'us-east-1',
      endpoint: enough.AWS_ENDPOINT_URL_DYNAMODB,
      tables: { connections: 'connections', subscriptions: 'subscriptions', aideals: 'aideals' },
    });
    expect(config).toMatchObject({ region: undefined, managementUrl: undefined, redis: undefined, quotaShare: 0.8 });
    expect(coreSettings(config)).toMatchObject({
      limits: { mailbox: 10_000, tokenGraceSeconds: 30 },
      buckets: { sendMessage: { perMinute: 60, burst: 60 }, publish: null },
    });
  });

  it.each([
    [{ AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: 'http://127.0.0.1:1/prod' }, 'http://127.0.0.1:1/prod'],
    [{ WEBSOCKET_API_GATEWAY_URL: 'wss://x.example.com/dev' }, 'https://x.example.com/dev'],
    [{ API_ID: 'abc', REGION: 'eu-central-1', STAGE: 'dev' }, 'https://abc.execute-api.eu-central-1.amazonaws.com/dev'],
    [{ API_GATEWAY_ID: 'abc', AWS_REGION: 'cn-north-1' }, 'https://abc.execute-api.cn-north-1.amazonaws.com.cn/prod'],
  ])('say where connections are reached: %j', (env, url) => {
    expect(readConfig({ ...enough, ...env }).managementUrl).toBe(url);
  });

  it('turn limits off, up and down', () => {
    const env = { AIDEALS_RATE_LIMIT: 'off', AIDEALS_MAILBOX_MAX: '7', AIDEALS_TOKEN_GRACE: ' 5 ' };
    const { limits, buckets } = coreSettings(readConfig({ ...enough, ...env }));
    expect([limits.mailbox, limits.tokenGraceSeconds]).toEqual([7, 5]);
    expect(Object.values(buckets)).toEqual([null, null, null, null, null, null]);
  });

  it.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ JWT_SECRET: '' }, /JWT_SECRET: is not set/u],
    [{ NODE_ENV: 'production', JWT_SECRET: 'short' }, /JWT_SECRET: has 5 bytes/u],
    [{ JWT_ALGORITHM: 'HS265' }, /JWT_ALGORITHM: HS265 is no algorithm; did you mean HS256/u],
    [{ JWT_ALGORITHM: 'RS256' }, /JWT_ALGORITHM: RS256 needs AIDEALS_JWT_PUBLIC_KEY or AIDEALS_JWKS_URL/u],
    [{ AIDEALS_JWT_PUBLIC_KEY: 'x' }, /AIDEALS_JWT_PUBLIC_KEY: must be a public key/u],
    [{ AIDEALS_IP_DENY: '10.0.0.0/33' }, /AIDEALS_IP_DENY: 10.0.0.0\/33 is no address or network/u],
    [{ AIDEALS_ALLOWED_ORIGINS: 'example' }, /AIDEALS_ALLOWED_ORIGINS: example is no origin/u],
    [{ AIDEALS_FANOUT_SHARE: '1.5' }, /AIDEALS_FANOUT_SHARE: must be a number over 0, up to 1/u],
    [{ AIDEALS_RATE_CONNECT: '-1' }, /AIDEALS_RATE_CONNECT: must be a whole number/u],
    [{ AIDEALS_REDIS_URL: 'http://x' }, /AIDEALS_REDIS_URL: must be redis:\/\//u],
    [{ AIDEALS_REDIS_URL: 'redis-sentinel://h/master' }, /AIDEALS_REDIS_URL: functions ask no sentinels/u],
    [{ SUBSCRIPTIONS_TABLE: 'connections' }, /SUBSCRIPTIONS_TABLE: connections is the table of CONNECTIONS_TABLE too/u],
    [{ WEBSOCKET_API_GATEWAY_URL: 'nowhere' }, /WEBSOCKET_API_GATEWAY_URL: must be a URL/u],
  ])('that are wrong are told in one line: %j', (env, line) => {
    expect(problemOf(env)).toMatch(line);
    expect(problemOf(env)).not.toContain('\n');
  });

  it('never show a key that is wrong', () => {
    expect(problemOf({ AIDEALS_API_KEYS: 'name:hidden:what' })).not.toContain('hidden');
  });
});
