import { addressOf, type RedisAddress } from '@aideals/bus';
import type { Settings } from '@aideals/core';
import { defaultLimits } from '@aideals/protocol';
import { type DynamoSettings, dynamoSettings, type Environment } from '@aideals/store/dynamodb';
import { type SettingValues, settingList } from './settings.js';

export interface Config extends SettingValues {
  readonly dynamo: DynamoSettings;
  /** Where the management API is; undefined where each event tells it. */
  readonly managementUrl: string | undefined;
  /** Where Lambda is; its own place in the region where it is undefined. */
  readonly lambdaUrl: string | undefined;
  /** Undefined where no region is named: a local DynamoDB needs none. */
  readonly region: string | undefined;
  /** Undefined where the log and the limits are on DynamoDB. */
  readonly redis: RedisAddress | undefined;
}

/** Other names that a guide gives to a variable. */
const ALIASES: Readonly<Record<string, string>> = { API_GATEWAY_ID: 'API_ID' };

/** An empty variable counts as one that is not set. */
const given = (env: Environment, ...names: readonly string[]): string | undefined =>
  names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '');

const isHmac = (algorithm: string): boolean => algorithm.startsWith('HS');

const SECRET_BYTES = 32;

const keyProblems = (values: SettingValues, env: Environment): string[] => {
  const { jwtAlgorithms, jwtSecret, jwtPublicKey, jwksUrl } = values;
  const problems: string[] = [];
  if (jwtAlgorithms.some(isHmac) && jwtSecret === undefined) {
    problems.push(
      'JWT_SECRET: is not set; set it to at least 32 random bytes, or name other algorithms in JWT_ALGORITHM',
    );
  }
  if (jwtSecret !== undefined && env['NODE_ENV'] === 'production' && Buffer.byteLength(jwtSecret) < SECRET_BYTES) {
    problems.push(`JWT_SECRET: has ${Buffer.byteLength(jwtSecret)} bytes; give it at least ${SECRET_BYTES}`);
  }
  const other = jwtAlgorithms.find((name) => !isHmac(name));
  if (other !== undefined && jwtPublicKey === undefined && jwksUrl === undefined) {
    problems.push(`JWT_ALGORITHM: ${other} needs AIDEALS_JWT_PUBLIC_KEY or AIDEALS_JWKS_URL; set one of them`);
  }
  if (values.tokenIssue && !jwtAlgorithms.some(isHmac)) {
    problems.push('AIDEALS_TOKEN_ISSUE: needs an HMAC algorithm; add HS256 to JWT_ALGORITHM and set JWT_SECRET');
  }
  return problems;
};

/** An address for sockets names the same place as one for HTTP. */
const httpOf = (address: string): string => address.replace(/^ws(s?):/u, 'http$1:');

const managementUrlOf = (env: Environment, apiId: string | undefined, stage: string): string | undefined => {
  const named = given(env, 'AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI', 'WEBSOCKET_API_GATEWAY_URL');
  if (named !== undefined) return httpOf(named);
  const region = given(env, 'AWS_REGION', 'REGION');
  if (apiId === undefined || region === undefined) return undefined;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${apiId}.execute-api.${region}.${domain}/${stage}`;
};

const redisOf = (config: SettingValues, problems: string[]): RedisAddress | undefined => {
  const { redisUrl, redisHost, redisPort, redisPassword, redisUsername, redisSsl, redisPrefix } = config;
  try {
    const address = addressOf({
      ...{ url: redisUrl, host: redisHost, port: redisPort, password: redisPassword },
      ...{ username: redisUsername, ssl: redisSsl, prefix: redisPrefix },
    });
    if (address?.kind !== 'sentinel') return address;
    problems.push(`${address.setting}: functions ask no sentinels; name the master, or a proxy before it`);
  } catch (error) {
    problems.push((error as Error).message);
  }
  return undefined;
};

/** What the environment of a function says. Throws one line, which names each wrong variable and the fix. */
export const readConfig = (env: Environment): Config => {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { env: variable, read, otherwise }] of settingList) {
    const value = given(env, variable, ALIASES[variable] ?? variable);
    try {
      values[name] = value === undefined ? otherwise : read(value);
    } catch (error) {
      problems.push(`${variable}: ${(error as Error).message}`);
    }
  }
  const dynamo = dynamoSettings(env);
  if (!dynamo.ok) problems.push(...dynamo.problems);
  const config = values as unknown as SettingValues;
  if (problems.length === 0) problems.push(...keyProblems(config, env));
  const redis = problems.length === 0 ? redisOf(config, problems) : undefined;
  const managementUrl = managementUrlOf(env, config.apiId, config.stage);
  if (managementUrl !== undefined && !URL.canParse(managementUrl)) {
    problems.push(
      'WEBSOCKET_API_GATEWAY_URL: must be a URL such as wss://api-id.execute-api.region.amazonaws.com/prod',
    );
  }
  if (problems.length > 0 || !dynamo.ok) throw new Error(`the configuration is wrong: ${problems.join('; ')}`);
  return {
    ...config,
    dynamo: dynamo.settings,
    managementUrl,
    lambdaUrl: given(env, 'AWS_ENDPOINT_URL_LAMBDA', 'AWS_ENDPOINT_URL'),
    region: given(env, 'AWS_REGION', 'REGION', 'AWS_DEFAULT_REGION'),
    redis,
  };
};

/** What the core is told. API Gateway ends idle connections and keeps no outbox: those limits are not ours here. */
export const coreSettings = (config: Config): Settings => {
  const { connect, connectIp, sendMessage, subscribe, other, publish, rateLimit } = config;
  const off = { connect: null, connectIp: null, sendMessage: null, subscribe: null, other: null, publish: null };
  const limits = { ...defaultLimits };
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    if (name in config) limits[name] = config[name as keyof typeof limits & keyof Config];
  }
  return { limits, buckets: rateLimit ? { connect, connectIp, sendMessage, subscribe, other, publish } : off };
};
