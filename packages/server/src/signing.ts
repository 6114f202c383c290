import { type Clock, createIssuer, createVerifier, type TokenIssuer, type TokenVerifier } from '@aideals/core';
import { type Config, developmentSecret } from './config/index.js';
import { signedReader } from './signed-tokens.js';
import { StartError } from './start-error.js';

const secretOf = (config: Config): string | undefined => {
  if (config.jwtSecret !== undefined) return config.jwtSecret;
  if (!config.jwtAlgorithms.some((name) => name.startsWith('HS'))) return undefined;
  try {
    return developmentSecret(config.dataDir);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`JWT_SECRET: is not set, and none for development can be kept: ${reason}`, error);
  }
};

/** Who verifies tokens, and who signs them where that is configured. */
export const tokensOf = (
  config: Config,
  clock: Clock,
): { readonly verifier: TokenVerifier; readonly issuer: TokenIssuer | undefined } => {
  const { jwtAlgorithms: algorithms, jwtPublicKey, jwksUrl, jwtIssuer, jwtAudience } = config;
  const secret = secretOf(config);
  const expected = {
    ...(jwtIssuer === undefined ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === undefined ? {} : { audience: jwtAudience }),
  };
  const verifier = createVerifier({
    algorithms,
    clock,
    ...expected,
    ...(secret === undefined ? {} : { secret, signed: signedReader(secret, algorithms) }),
    ...(jwtPublicKey === undefined ? {} : { publicKeyPem: jwtPublicKey }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
  });
  const algorithm = algorithms.find((name) => name.startsWith('HS'));
  const signs = config.tokenIssue && secret !== undefined && algorithm !== undefined;
  return { verifier, issuer: signs ? createIssuer({ secret, algorithm, ...expected }) : undefined };
};
