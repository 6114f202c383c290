import { type Config, developmentSecret, parseConfig } from '@aideals/server';
import { messageOf, UserError, wrongUse } from '../user-error.js';
import type { SigningKey } from './signing.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What decides about keys; a setting that concerns the server alone must not keep one from printing a token. */
const VARIABLES = [
  'JWT_SECRET',
  'JWT_ALGORITHM',
  'AIDEALS_JWT_PUBLIC_KEY',
  'AIDEALS_JWKS_URL',
  'AIDEALS_JWT_ISSUER',
  'AIDEALS_JWT_AUDIENCE',
  'AIDEALS_DATA_DIR',
  'NODE_ENV',
];

const secretOf = (config: Config): string => {
  if (config.jwtSecret !== undefined) return config.jwtSecret;
  try {
    return developmentSecret(config.dataDir);
  } catch (error) {
    throw new UserError(`AIDEALS_DATA_DIR: no secret for development can be kept there: ${messageOf(error)}`);
  }
};

/**
 * The key that signs what the server of this environment verifies: `JWT_SECRET`, or the development secret in the data
 * folder where none is set and this is not production. `elsewise` is the way out where there is no key to sign with.
 */
export const signingKey = (env: Environment, elsewise: string): SigningKey => {
  const parsed = parseConfig(Object.fromEntries(VARIABLES.map((name) => [name, env[name]])));
  if (!parsed.ok) throw wrongUse(parsed.problems[0] ?? 'the settings are wrong');
  const { config } = parsed;
  const algorithm = config.jwtAlgorithms.find((name) => name.startsWith('HS'));
  if (algorithm === undefined) {
    const names = config.jwtAlgorithms.join(',');
    throw new UserError(`JWT_ALGORITHM: ${names} is signed by the identity provider alone; ${elsewise}`);
  }
  return { secret: secretOf(config), algorithm, issuer: config.jwtIssuer, audience: config.jwtAudience };
};
