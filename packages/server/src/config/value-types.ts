import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { type BucketRule, nearest } from '@aideals/protocol';
import { z } from 'zod';

/** A kind of value that a variable may hold: how it is named, how its text is read, how it is shown. */
export interface ValueType<T> {
  readonly label: string;
  readonly schema: z.ZodType<T, string>;
  readonly show: (value: T) => string;
}

const type = <T>(label: string, schema: z.ZodType<T, string>, show: (value: T) => string = String): ValueType<T> => ({
  label,
  schema,
  show,
});

/** Reads a text, or says in one phrase what it must be. */
const read = <T>(must: string, parse: (text: string) => T | undefined): z.ZodType<T, string> =>
  z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: must });
    return z.NEVER;
  });

const items = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Each item read by itself, so that the message names the one that is wrong. */
const listOf = <T>(parse: (item: string) => T | string): z.ZodType<readonly T[], string> =>
  z.string().transform((text, context) => {
    const values: T[] = [];
    for (const item of items(text)) {
      const value = parse(item);
      if (typeof value === 'string') context.addIssue({ code: 'custom', message: value });
      else values.push(value);
    }
    return values;
  });

const joined = (values: readonly string[]): string => values.join(',');

export const text: ValueType<string> = type('text', z.string().min(1));

/** What comes before every key on Redis: without what parts names there. */
export const prefix: ValueType<string> = type(
  'letters, digits, - and _',
  z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9_-]{1,64}$/u, 'must be 1 to 64 letters, digits, - and _'),
);

export const whole = (min: number, max: number): ValueType<number> =>
  type(
    'whole number',
    read(`must be a whole number from ${min} to ${max}`, (given) => {
      const value = /^\d{1,15}$/u.test(given) ? Number(given) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    }),
  );

/** Null where it is off. */
export const bytesOrOff: ValueType<number | null> = type<number | null>(
  'bytes, or off',
  read('must be a whole number of bytes from 1 to 10000000, or off', (given) => {
    if (given.toLowerCase() === 'off') return null;
    const value = /^\d{1,8}$/u.test(given) ? Number(given) : 0;
    return value >= 1 && value <= 10_000_000 ? value : undefined;
  }),
  (value) => (value === null ? 'off' : String(value)),
);

const MOST_WORKERS = 256;

export const workers: ValueType<number> = type(
  'whole number, or auto',
  read(`must be a whole number from 0 to ${MOST_WORKERS}, or auto`, (given) => {
    if (given.toLowerCase() === 'auto') return availableParallelism();
    const value = /^\d{1,4}$/u.test(given) ? Number(given) : Number.NaN;
    return value <= MOST_WORKERS ? value : undefined;
  }),
);

/** Seconds; a fraction is taken too, which tests need. */
export const seconds = (min: number, max: number): ValueType<number> =>
  type(
    'seconds',
    read(`must be a number of seconds from ${min} to ${max}`, (given) => {
      const value = /^\d{1,9}(\.\d{1,3})?$/u.test(given) ? Number(given) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    }),
  );

const ON = new Set(['1', 'true', 'on', 'yes']);
const OFF = new Set(['0', 'false', 'off', 'no']);

const readSwitch = (given: string): boolean | undefined => {
  const lower = given.toLowerCase();
  return ON.has(lower) ? true : OFF.has(lower) ? false : undefined;
};

export const flag: ValueType<boolean> = type('0 or 1', read('must be 0 or 1', readSwitch), (on) => (on ? '1' : '0'));

export const onOff: ValueType<boolean> = type('on or off', read('must be on or off', readSwitch), (on) =>
  on ? 'on' : 'off',
);

export const oneOf = <const T extends string>(names: readonly T[]): ValueType<T> =>
  type(
    names.join(', '),
    read(`must be one of ${names.join(', ')}`, (given) => names.find((name) => name === given)),
  );

export const stage: ValueType<string> = type(
  'name',
  read('must be 1 to 128 letters, digits, - and _, and none of the server’s own paths', (given) =>
    /^[A-Za-z0-9_-]{1,128}$/u.test(given) && !['healthz', 'readyz', 'metrics', 'v1'].includes(given)
      ? given
      : undefined,
  ),
);

export const algorithmNames = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

export const algorithms: ValueType<readonly string[]> = type<readonly string[]>(
  'list of algorithms',
  listOf<{ name: string }>((item) => {
    if (algorithmNames.includes(item)) return { name: item };
    const near = nearest(item, algorithmNames);
    return `unknown algorithm ${item}${near === undefined ? '' : `; did you mean ${near}?`} Known are ${joined(algorithmNames)}`;
  })
    .transform((found) => found.map(({ name }) => name))
    .refine((found) => found.length > 0, 'must name at least one algorithm'),
  joined,
);

const PEM = /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/u;

const readPem = (given: string): string | undefined => {
  const pem = given.replaceAll('\\n', '\n');
  if (!PEM.test(pem)) return undefined;
  try {
    createPublicKey(pem);
    return pem;
  } catch {
    return undefined;
  }
};

export const publicKey: ValueType<string> = type(
  'PEM',
  read(
    'must be a public key or certificate in PEM (-----BEGIN PUBLIC KEY-----); line ends may be written as \\n',
    readPem,
  ),
);

export const httpUrl: ValueType<string> = type(
  'URL',
  read('must be a URL that begins with https:// (or http://)', (given) => {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
  }),
);

const readOrigin = (item: string): { origin: string } | string => {
  if (item === '*' || item === 'null') return { origin: item };
  const url = URL.canParse(item) ? new URL(item) : undefined;
  if (url !== undefined && url.host !== '' && url.origin !== 'null') {
    if (item === url.origin || item === `${url.origin}/`) return { origin: url.origin };
    return `${item} is more than an origin; write ${url.origin}`;
  }
  return `${item} is not an origin; write it as https://app.example.com, null, or * for any`;
};

export const origins: ValueType<readonly string[]> = type<readonly string[]>(
  'list of origins',
  listOf(readOrigin).transform((found) => found.map(({ origin }) => origin)),
  joined,
);

const readCidr = (item: string): { cidr: string } | string => {
  const [address = '', prefix, ...rest] = item.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/u.test(prefix) ? Number(prefix) : Number.NaN;
  if (family !== 0 && rest.length === 0 && length <= bits) return { cidr: `${address}/${length}` };
  return `${item} is not an address or a network; write it as 10.0.0.0/8 or 2001:db8::/32`;
};

export const networks: ValueType<readonly string[]> = type<readonly string[]>(
  'list of networks (CIDR)',
  listOf(readCidr).transform((found) => found.map(({ cidr }) => cidr)),
  joined,
);

/** So many a minute, as many at once; null where there is no limit. */
export const perMinute: ValueType<BucketRule | null> = type(
  'number a minute, or off',
  read('must be a whole number a minute from 1 to 10000000, or off', (given) => {
    if (given.toLowerCase() === 'off') return null;
    const value = /^\d{1,8}$/u.test(given) ? Number(given) : 0;
    return value >= 1 && value <= 10_000_000 ? { perMinute: value, burst: value } : undefined;
  }),
  (rule) => (rule === null ? 'off' : String(rule.perMinute)),
);

const SCOPES = ['publish', 'admin'];

export interface ConfiguredKey {
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly string[];
}

// A message about a key names its place in the list: the item itself is a secret.
const readKeys = (given: string): readonly ConfiguredKey[] | string => {
  const keys: ConfiguredKey[] = [];
  for (const [i, item] of items(given).entries()) {
    const [name = '', key = '', scopes = 'publish', ...rest] = item.split(':');
    if (!/^[\w.-]{1,64}$/u.test(name) || rest.length > 0) {
      return `item ${i + 1} must be name:key or name:key:scope+scope; a name is 1 to 64 letters, digits and . _ -`;
    }
    if (key.length < 8) return `the key of ${name} must have at least 8 characters`;
    const wrong = scopes.split('+').find((scope) => !SCOPES.includes(scope));
    if (wrong !== undefined) return `the key of ${name} has an unknown scope ${wrong}; known are ${joined(SCOPES)}`;
    if (keys.some((other) => other.name === name)) return `the name ${name} is given twice`;
    if (keys.some((other) => other.key === key)) return `the key of ${name} is another one’s too`;
    keys.push({ name, key, scopes: scopes.split('+') });
  }
  return keys;
};

const readWhole = <T extends object>(parse: (given: string) => T | string): z.ZodType<T, string> =>
  z.string().transform((given, context): T => {
    const value = parse(given);
    if (typeof value !== 'string') return value;
    context.addIssue({ code: 'custom', message: value });
    return z.NEVER;
  });

export const apiKeys: ValueType<readonly ConfiguredKey[]> = type(
  'name:key[:scope+scope],…',
  readWhole(readKeys),
  (keys) => keys.map(({ name, scopes }) => `${name}:****:${scopes.join('+')}`).join(','),
);

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secret: string;
}

const readAwsKeys = (given: string): readonly AwsKey[] | string => {
  const keys: AwsKey[] = [];
  for (const [i, item] of items(given).entries()) {
    const at = item.indexOf(':');
    const key = { accessKeyId: item.slice(0, at), secret: item.slice(at + 1) };
    if (at < 1 || !/^\w{1,128}$/u.test(key.accessKeyId) || key.secret === '') {
      return `item ${i + 1} must be accessKeyId:secret`;
    }
    keys.push(key);
  }
  return keys;
};

export const awsKeys: ValueType<readonly AwsKey[]> = type('accessKeyId:secret,…', readWhole(readAwsKeys), (keys) =>
  keys.map(({ accessKeyId }) => `${accessKeyId}:****`).join(','),
);
