import type { RedisAddress } from '@aideals/bus';
import { addressOf, RedisSettingError } from '@aideals/bus';
import { parseConfig, redisSettings } from '@aideals/server';
import type { Environment } from '../credentials/signing-key.js';
import { wrongUse } from '../user-error.js';

/** What decides where Redis is, and how a message may be: of the settings of a server. */
const VARIABLES = [
  'AIDEALS_REDIS_URL',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_PASSWORD',
  'AIDEALS_REDIS_USERNAME',
  'REDIS_SSL',
  'AIDEALS_REDIS_PREFIX',
];

export interface Heard {
  readonly address: RedisAddress;
  readonly prefix: string;
  readonly messageBytes: number;
}

/** Where others publish, from the environment. Throws a `UserError` of one line that names the variable to mend. */
export const heardRedis = (env: Environment): Heard => {
  const parsed = parseConfig(Object.fromEntries(VARIABLES.map((name) => [name, env[name]])));
  if (!parsed.ok) throw wrongUse(parsed.problems.join(' · '));
  const { config } = parsed;
  try {
    const address = addressOf(redisSettings(config));
    if (address === undefined) {
      throw wrongUse('REDIS_HOST: names the Redis on which others publish, or AIDEALS_REDIS_URL does; set one of them');
    }
    return { address, prefix: config.redisPrefix, messageBytes: config.messageBytes };
  } catch (error) {
    if (error instanceof RedisSettingError) throw wrongUse(error.message);
    throw error;
  }
};
