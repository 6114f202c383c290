import type { RedisSettings } from '@aideals/bus';
import type { Config } from './settings.js';

/** What decides where Redis is, of the configuration. */
export const redisSettings = (config: Config): RedisSettings => ({
  url: config.redisUrl,
  host: config.redisHost,
  port: config.redisPort,
  password: config.redisPassword,
  username: config.redisUsername,
  ssl: config.redisSsl,
  prefix: config.redisPrefix,
});
