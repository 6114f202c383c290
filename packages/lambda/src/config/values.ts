import { isIP } from 'node:net';
import type { ApiKey } from '@aideals/core';
import { type BucketRule, nearest } from '@aideals/protocol';

/** Reads the text of a variable, or throws an Error with one phrase that says what it must be. */
export type Read<T> = (text: string) => T;

const must = (phrase: string): never => {
  throw new Error(phrase);
};

const items = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const text: Read<string> = (given) => given.trim();

export const whole =
  (min: number, max: number): Read<number> =>
  (given) => {
    const value = /^\d{1,15}$/u.test(given.trim()) ? Number(given) : Number.NaN;
    return value >= min && value <= max ? value : must(`must be a whole number from ${min} to ${max}`);
  };

export const prefix: Read<string> = (given) =>
  /^[A-Za-z0-9_-]{1,64}$/u.test(given.trim()) ? given.trim() : must('must be 1 to 64 letters, digits, - and _');

/** `share` of something: more than 0, up to 1. */
export const share: Read<number> = (given) => {
  const value = /^\d(\.\d{1,4})?$/u.test(given.trim()) ? Number(given) : 0;
  return value > 0 && value <= 1 ? value : must('must be a number over 0, up to 1');
};

const ON = new Set(['1', 'true', 'on', 'yes']);
const OFF = new Set(['0', 'false', 'off', 'no']);

export const flag: Read<boolean> = (given) => {
  const lower = given.trim().toLowerCase();
  return ON.has(lower) || (OFF.has(lower) ? false : must('must be 0 or 1, or off or on'));
};

export const url: Read<string> = (given) => {
  const parsed = URL.canParse(given.trim()) ? new URL(given.trim()) : undefined;
  return parsed !== undefined && /^https?:$/u.test(parsed.protocol)
    ? parsed.href
    : must('must be a URL that begins with https:// (or http://)');
};

const ALGORITHMS = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

export const algorithms: Read<readonly string[]> = (given) => {
  const names = items(given);
  const wrong = names.find((name) => !ALGORITHMS.includes(name));
  if (wrong !== undefined) must(`${wrong} is no algorithm; did you mean ${nearest(wrong, ALGORITHMS) ?? 'HS256'}?`);
  return names.length > 0 ? names : must('must name at least one algorithm');
};

export const pem: Read<string> = (given) => {
  const key = given.replaceAll('\\n', '\n').trim();
  return /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/u.test(key)
    ? key
    : must('must be a public key or certificate in PEM (-----BEGIN PUBLIC KEY-----)');
};

export const networks: Read<readonly string[]> = (given) =>
  items(given).map((item) => {
    const [address = '', prefix, ...rest] = item.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/u.test(prefix) ? Number(prefix) : Number.NaN;
    if (isIP(address) !== 0 && rest.length === 0 && length <= bits) return `${address}/${length}`;
    return must(`${item} is no address or network; write it as 10.0.0.0/8 or 2001:db8::/32`);
  });

export const origins: Read<readonly string[]> = (given) =>
  items(given).map((item) => {
    if (item === '*' || item === 'null') return item;
    const origin = URL.canParse(item) ? new URL(item).origin : 'null';
    return origin === 'null' ? must(`${item} is no origin; write it as https://app.example.com, null, or *`) : origin;
  });

/** So many a minute, as many at once; null where there is no limit. */
export const perMinute: Read<BucketRule | null> = (given) => {
  if (given.trim().toLowerCase() === 'off') return null;
  const value = whole(1, 10_000_000)(given);
  return { perMinute: value, burst: value };
};

const SCOPES = ['publish', 'admin'];

// A message about a key names its place in the list: the item itself is a secret.
export const apiKeys: Read<readonly ApiKey[]> = (given) =>
  items(given).map((item, i) => {
    const [name = '', key = '', scopes = 'publish', ...rest] = item.split(':');
    const isWrong = !/^[\w.-]{1,64}$/u.test(name) || key.length < 8 || rest.length > 0;
    if (isWrong || scopes.split('+').some((scope) => !SCOPES.includes(scope))) {
      must(`item ${i + 1} must be name:key[:scope+scope], the key of 8 characters or more, a scope publish or admin`);
    }
    return { name, key, scopes: scopes.split('+') };
  });
