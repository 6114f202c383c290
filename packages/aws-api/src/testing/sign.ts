import { createHash, createHmac } from 'node:crypto';
import type { AwsRequest } from '../request.js';

/** What to sign, written out by the test: nothing of it is taken from the code under test. */
export interface Signing {
  readonly method?: string;
  readonly rawPath: string;
  /** The path after each segment was percent-encoded once more. */
  readonly canonicalPath: string;
  readonly rawQuery?: string;
  readonly canonicalQuery?: string;
  readonly body?: string | Uint8Array;
  /** Sent and signed; `host` and `x-amz-date` are added where they are not given. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent, not signed. */
  readonly unsigned?: Readonly<Record<string, string>>;
  /** Left out of the signature and of the request. */
  readonly without?: readonly string[];
  readonly key?: { readonly accessKeyId: string; readonly secret: string };
  readonly service?: string;
  readonly region?: string;
  readonly terminator?: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date?: string;
  readonly scopeDate?: string;
  /** What is signed as the hash of the payload, where that is not the hash of the body. */
  readonly payloadHash?: string;
}

export const SIGNER_KEY = { accessKeyId: 'AKIDTEST', secret: 'a secret with spaces/and+more' };
export const SIGNER_DATE = '20261125T120000Z';
export const SIGNER_NOW = Date.UTC(2026, 10, 25, 12);

const hash = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Signs as the documentation of Signature Version 4 tells, step by step. */
export const sign = (signing: Signing): AwsRequest => {
  const { method = 'GET', rawPath, canonicalPath, rawQuery = '', canonicalQuery = rawQuery, body = '' } = signing;
  const { key = SIGNER_KEY, service = 'execute-api', region = 'us-east-1', terminator = 'aws4_request' } = signing;
  const { date = SIGNER_DATE, scopeDate = date.slice(0, 8), payloadHash = hash(body), without = [] } = signing;
  const given = { host: '127.0.0.1:3001', 'x-amz-date': date, ...signing.headers };
  const signed = Object.entries(given)
    .filter(([name]) => !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = `${method}\n${canonicalPath}\n${canonicalQuery}\n${lines}\n${names}\n${payloadHash}`;
  const scope = `${scopeDate}/${region}/${service}/${terminator}`;
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`;
  const dateKey = createHmac('sha256', `AWS4${key.secret}`).update(scopeDate).digest();
  const regionKey = createHmac('sha256', dateKey).update(region).digest();
  const serviceKey = createHmac('sha256', regionKey).update(service).digest();
  const signingKey = createHmac('sha256', serviceKey).update(terminator).digest();
  const signature = createHmac('sha256', signingKey).update(toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return {
    method,
    rawPath,
    rawQuery,
    headers: { ...Object.fromEntries(signed), ...signing.unsigned, authorization },
    body: Buffer.from(body),
  };
};
