import { parseDuration } from '../option-values.js';
import { wrongUse } from '../user-error.js';
import { signToken } from './signing.js';
import type { Environment } from './signing-key.js';

const LIFETIME = '1h';
/** A token of our own is made anew when less than this is left of it. */
const RENEW_SECONDS = 300;

export interface CredentialOptions {
  readonly token?: string | undefined;
  readonly apiKey?: string | undefined;
}

/** What a header can carry: a line break in a pasted token would otherwise fail deep inside the HTTP client. */
const printable = (value: string, option: string): string => {
  const text = value.trim();
  if (!/^[\x21-\x7e]+$/u.test(text)) throw wrongUse(`${option}: must be characters without spaces`);
  return text;
};

/**
 * A token for `sub`: the one given, else one made with the key of this environment, and again before it expires, so that a
 * run may be longer than a token lives.
 */
export const tokenSource = async (
  given: string | undefined,
  env: Environment,
  request: { readonly sub: string; readonly scopes: readonly string[] },
): Promise<() => Promise<string>> => {
  if (given !== undefined) {
    const token = printable(given, '--token');
    return async () => token;
  }
  // Loaded only here: it brings the server's settings, and whoever has a token need not wait for them.
  const { signingKey } = await import('./signing-key.js');
  const key = signingKey(env, 'give a token with --token');
  const lifetime = parseDuration(LIFETIME, '--expires');
  let made: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    const now = Date.now();
    if (made && now < made.until) return made.token;
    const token = await signToken(key, { ...request, expiresInSeconds: lifetime }, now);
    made = { token, until: now + (lifetime - RENEW_SECONDS) * 1000 };
    return token;
  };
};

/** The headers that say who makes an HTTP call. */
export const authorization = async (
  options: CredentialOptions,
  env: Environment,
  request: { readonly sub: string; readonly scopes: readonly string[] },
): Promise<() => Promise<Readonly<Record<string, string>>>> => {
  if (options.apiKey !== undefined) {
    if (options.token !== undefined) throw wrongUse('--token and --api-key: give one of them');
    const headers = { 'x-api-key': printable(options.apiKey, '--api-key') };
    return async () => headers;
  }
  const token = await tokenSource(options.token, env, request);
  return async () => ({ authorization: `Bearer ${await token()}` });
};
