import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly method: string;
  readonly host: string;
  /** As it is sent: encoded once. */
  readonly path: string;
  /** Further headers that are signed, with names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hexadecimal. */
  readonly bodyHash: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** All but letters, digits, `-`, `_`, `.` and `~`, in each segment: signed paths are encoded twice. */
const encodedAgain = (path: string): string =>
  path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replaceAll(
        /[!'()*]/gu,
        (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');

/** Signs requests without a query by Signature Version 4; the key that a day and a secret give is derived once. */
export const createSigner = (region: string, service: string) => {
  let derived: { readonly day: string; readonly secret: string; readonly key: Buffer } | undefined;

  const keyOf = (secret: string, day: string): Buffer => {
    if (derived?.day === day && derived.secret === secret) return derived.key;
    const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
    derived = { day, secret, key };
    return key;
  };

  /** All headers that a signed request is to have. */
  return (asked: Unsigned, credentials: Credentials): Record<string, string> => {
    const { method, host, path, bodyHash, now } = asked;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/gu, '');
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const headers: Record<string, string> = {
      ...asked.headers,
      host,
      'x-amz-date': time,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const names = Object.keys(headers).sort();
    const signed = names.join(';');
    const lines = names.map((name) => `${name}:${headers[name]}`);
    const canonical = [method, encodedAgain(path), '', ...lines, '', signed, bodyHash].join('\n');
    const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
    const signature = hmac(keyOf(secretAccessKey, day), text).toString('hex');
    return {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    };
  };
};
