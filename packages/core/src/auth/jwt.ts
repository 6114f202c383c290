import { identifier } from '@aideals/protocol';
import {
  type CryptoKey,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  importSPKI,
  importX509,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import { type Clock, toSeconds } from '../ports/clock.js';
import type { Claims, IssueRequest, TokenIssuer, TokenVerifier, Verified } from './tokens.js';

/**
 * The payload of a token whose signature by the secret, under one of the listed algorithms, holds; undefined for any other, and
 * for one that takes a closer look.
 */
export type SignedReader = (token: string) => unknown;

export interface VerifierOptions {
  /** The allow-list of algorithms (RFC 7518). */
  readonly algorithms: readonly string[];
  /** The key of HS*. */
  readonly secret?: string;
  /** A public key or certificate for the other algorithms. */
  readonly publicKeyPem?: string;
  readonly jwksUrl?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly clock: Clock;
  /**
   * A shorter way for tokens signed by the secret, where the platform has one. Who is let in by it is let in without it: all
   * that it leaves open is decided by the library, refusals always.
   */
  readonly signed?: SignedReader;
  /** Gets the key set; the platform's own fetch where it is left out. */
  readonly fetch?: FetchImplementation;
}

const isHmac = (algorithm: string): boolean => algorithm.startsWith('HS');

const list = (value: unknown): readonly string[] | undefined => {
  if (typeof value === 'string') return value.split(' ').filter((part) => part !== '');
  if (Array.isArray(value)) return value.filter((part): part is string => typeof part === 'string');
  return undefined;
};

const claimsOf = (payload: JWTPayload): Claims | undefined => {
  const sub = identifier.safeParse(payload.sub);
  // A recipient that begins so is a room: no user may pose as one.
  if (!sub.success || sub.data.startsWith('room:') || typeof payload.exp !== 'number') return undefined;
  const rooms = list(payload['rooms']);
  const authTime = payload['auth_time'];
  return {
    sub: sub.data,
    exp: Math.floor(payload.exp),
    ...(typeof payload.iat === 'number' ? { iat: Math.floor(payload.iat) } : {}),
    ...(typeof authTime === 'number' ? { authTime: Math.floor(authTime) } : {}),
    scopes: list(payload['scope']) ?? [],
    ...(rooms === undefined ? {} : { rooms }),
  };
};

/** An HMAC key, imported once for one algorithm: verifying with it is four times as fast as with bytes. */
const importHmac = (secret: string, algorithm: string): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: `SHA-${algorithm.slice(2)}` },
    false,
    ['sign', 'verify'],
  );

/** Imports a PEM public key or certificate once, for one algorithm. */
export const importPublicKey = (pem: string, algorithm: string): Promise<CryptoKey> =>
  pem.includes('BEGIN CERTIFICATE') ? importX509(pem, algorithm) : importSPKI(pem, algorithm);

/**
 * The key is chosen by the kind of algorithm that the token's header names, after the allow-list has admitted it: an HMAC
 * token is never tried against a public key, nor the other way about (RFC 8725, section 3.1).
 */
const keySource = (options: VerifierOptions): JWTVerifyGetKey => {
  const { secret, publicKeyPem } = options;
  const remote =
    options.jwksUrl === undefined
      ? undefined
      : createRemoteJWKSet(new URL(options.jwksUrl), options.fetch ? { [customFetch]: options.fetch } : {});
  const imported = new Map<string, Promise<CryptoKey>>();
  const once = (algorithm: string, load: () => Promise<CryptoKey>): Promise<CryptoKey> => {
    const present = imported.get(algorithm);
    if (present !== undefined) return present;
    const key = load();
    imported.set(algorithm, key);
    return key;
  };
  return (header, token) => {
    const algorithm = header.alg ?? '';
    if (isHmac(algorithm)) {
      if (secret === undefined) throw new errors.JOSENotSupported('no secret is configured');
      return once(algorithm, () => importHmac(secret, algorithm));
    }
    if (publicKeyPem !== undefined) return once(algorithm, () => importPublicKey(publicKeyPem, algorithm));
    if (remote !== undefined) return remote(header, token);
    throw new errors.JOSENotSupported('no public key is configured');
  };
};

const UNAVAILABLE = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC']);

const failure = (error: unknown): Verified => {
  if (error instanceof errors.JWTExpired) return { ok: false, problem: 'expired', reason: 'expired' };
  if (error instanceof errors.JOSEError && !UNAVAILABLE.has(error.code)) {
    return { ok: false, problem: 'bad', reason: error.code };
  }
  return { ok: false, problem: 'unavailable', reason: error instanceof Error ? error.message : 'unknown' };
};

const isOptional = (value: unknown): value is number | undefined => value === undefined || Number.isFinite(value);

/** The claims of a payload whose signature holds; undefined where anything about them is not as it has to be. */
const plainClaims = (payload: unknown, { clock, issuer, audience }: VerifierOptions): Claims | undefined => {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined;
  const claims = payload as JWTPayload;
  const { exp, nbf, iat, iss, aud }: Record<string, unknown> = claims;
  const now = toSeconds(clock.now());
  if (typeof exp !== 'number' || !Number.isFinite(exp) || exp <= now) return undefined;
  if (!isOptional(nbf) || !isOptional(iat) || (nbf !== undefined && nbf > now)) return undefined;
  if (issuer !== undefined && iss !== issuer) return undefined;
  if (audience !== undefined && aud !== audience && !(Array.isArray(aud) && aud.includes(audience))) return undefined;
  return claimsOf(claims);
};

/** Verifies JSON Web Tokens (RFC 7519): signature, `exp` and `sub` required, `nbf`, `iss`, `aud` and `crit` honoured. */
export const createVerifier = (options: VerifierOptions): TokenVerifier => {
  const key = keySource(options);
  return {
    verify: async (token) => {
      const plain = options.signed === undefined ? undefined : plainClaims(options.signed(token), options);
      if (plain !== undefined) return { ok: true, claims: plain };
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [...options.algorithms],
          requiredClaims: ['sub', 'exp'],
          // biome-ignore lint/style/noRestrictedGlobals: jose takes a Date; its time is the clock's.
          currentDate: new Date(options.clock.now()),
          ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
          ...(options.audience === undefined ? {} : { audience: options.audience }),
        });
        const claims = claimsOf(payload);
        return claims === undefined
          ? { ok: false, problem: 'bad', reason: 'sub or exp has a wrong shape' }
          : { ok: true, claims };
      } catch (error) {
        return failure(error);
      }
    },
  };
};

export interface IssuerOptions {
  readonly secret: string;
  /** HS256, HS384 or HS512. */
  readonly algorithm: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Signs tokens with the deployment's own secret. */
export const createIssuer = (options: IssuerOptions): TokenIssuer => {
  const key = importHmac(options.secret, options.algorithm);
  return {
    issue: async (request: IssueRequest) => {
      const token = new SignJWT({
        ...(request.scopes.length === 0 ? {} : { scope: request.scopes.join(' ') }),
        ...(request.rooms === undefined ? {} : { rooms: [...request.rooms] }),
        auth_time: request.authTime,
      })
        .setProtectedHeader({ alg: options.algorithm, typ: 'JWT' })
        .setSubject(request.sub)
        .setIssuedAt(request.iat)
        .setExpirationTime(request.exp);
      if (options.issuer !== undefined) token.setIssuer(options.issuer);
      if (options.audience !== undefined) token.setAudience(options.audience);
      return token.sign(await key);
    },
  };
};
