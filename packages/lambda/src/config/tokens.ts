import { type Clock, createIssuer, createVerifier, type TokenIssuer, type TokenVerifier } from '@aideals/core';
import type { Config } from './config.js';

/**
 * While a secret is being changed two are valid: what the present one does not verify is tried with the one before. A token
 * that is expired under either is expired.
 */
const eitherOf = (present: TokenVerifier, previous: TokenVerifier): TokenVerifier => ({
  verify: async (token) => {
    const verified = await present.verify(token);
    if (verified.ok || verified.problem !== 'bad') return verified;
    const again = await previous.verify(token);
    return again.ok || again.problem === 'expired' ? again : verified;
  },
});

/** Who verifies tokens, and who signs them where that is configured. */
export const tokensOf = (
  config: Config,
  clock: Clock,
): { readonly verifier: TokenVerifier; readonly issuer: TokenIssuer | undefined } => {
  const {
    jwtAlgorithms: algorithms,
    jwtSecret,
    previousSecret,
    jwtPublicKey,
    jwksUrl,
    jwtIssuer,
    jwtAudience,
  } = config;
  const expected = {
    ...(jwtIssuer === undefined ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === undefined ? {} : { audience: jwtAudience }),
  };
  const verifierOf = (secret: string | undefined): TokenVerifier =>
    createVerifier({
      algorithms,
      clock,
      ...expected,
      ...(secret === undefined ? {} : { secret }),
      ...(jwtPublicKey === undefined ? {} : { publicKeyPem: jwtPublicKey }),
      ...(jwksUrl === undefined ? {} : { jwksUrl }),
    });
  const verifier =
    previousSecret === undefined ? verifierOf(jwtSecret) : eitherOf(verifierOf(jwtSecret), verifierOf(previousSecret));
  const algorithm = algorithms.find((name) => name.startsWith('HS'));
  const signs = config.tokenIssue && jwtSecret !== undefined && algorithm !== undefined;
  return { verifier, issuer: signs ? createIssuer({ secret: jwtSecret, algorithm, ...expected }) : undefined };
};
