import { SignJWT } from 'jose';

/** What signs a token that the server of the same settings takes. */
export interface SigningKey {
  readonly secret: string;
  readonly algorithm: string;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

export interface TokenRequest {
  readonly sub: string;
  readonly scopes: readonly string[];
  /** Patterns of rooms; without them the token has no `rooms` claim, and all rooms that are not private are open to it. */
  readonly rooms?: readonly string[] | undefined;
  readonly expiresInSeconds: number;
}

/** `now` in Unix milliseconds. */
export const signToken = (key: SigningKey, request: TokenRequest, now: number = Date.now()): Promise<string> => {
  const issuedAt = Math.floor(now / 1000);
  const token = new SignJWT({
    ...(request.scopes.length > 0 ? { scope: request.scopes.join(' ') } : {}),
    ...(request.rooms === undefined ? {} : { rooms: [...request.rooms] }),
  })
    .setProtectedHeader({ alg: key.algorithm, typ: 'JWT' })
    .setSubject(request.sub)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.expiresInSeconds);
  if (key.issuer) token.setIssuer(key.issuer);
  if (key.audience) token.setAudience(key.audience);
  return token.sign(new TextEncoder().encode(key.secret));
};
