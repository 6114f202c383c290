import { createHmac } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const hashes: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** A JWT made by hand, right or wrong: exactly these claims, and a header that may claim anything. */
export const sign = (
  secret: string | Uint8Array,
  claims: Claims,
  header: Readonly<Record<string, unknown>> = {},
): string => {
  const full = { alg: 'HS256', typ: 'JWT', ...header };
  const text = `${part(full)}.${part(claims)}`;
  const hash = hashes[String(full['alg'])];
  if (hash === undefined) return `${text}.`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
};

/** A good token for a user; `more` adds claims or changes these. */
export const tokenFor = (secret: string, sub: string, more: Claims = {}): string => {
  const now = nowSeconds();
  return sign(secret, { sub, iat: now, exp: now + 3600, ...more });
};
