import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AwsRequest, headerOf } from '../request.js';
import { amzDate, parseAmzDate } from './amz-date.js';
import { ALGORITHM, type Authorization, parseAuthorization, TERMINATOR } from './authorization.js';
import { canonicalRequest, sha256Hex } from './canonical.js';
import { type Refusal, refusal } from './refusal.js';

/** The secret of an access key; undefined where the key is not known. */
export type SecretOf = (accessKeyId: string) => string | undefined;

export interface SignatureRules {
  readonly secretOf: SecretOf;
  /** The service that the signature must be scoped to: `execute-api`, or `lambda`. Any region is accepted. */
  readonly service: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export type Verified = { readonly ok: true; readonly accessKeyId: string } | Refusal;

const SKEW_MINUTES = 5;
const SKEW_MS = SKEW_MINUTES * 60_000;

const invalid = (message: string): Refusal => refusal('InvalidSignatureException', message);

const misdated = (date: string, at: number, now: number): Refusal | undefined => {
  if (at < now - SKEW_MS) {
    return invalid(
      `Signature expired: ${date} is now earlier than ${amzDate(now - SKEW_MS)} (${amzDate(now)} - ${SKEW_MINUTES} min.)`,
    );
  }
  if (at > now + SKEW_MS) {
    return invalid(
      `Signature not yet current: ${date} is still later than ${amzDate(now + SKEW_MS)} (${amzDate(now)} + ${SKEW_MINUTES} min.)`,
    );
  }
  return undefined;
};

const misscoped = (authorization: Authorization, service: string, date: string): Refusal | undefined => {
  if (authorization.terminator !== TERMINATOR) {
    return invalid(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`);
  }
  if (authorization.service !== service)
    return invalid(`Credential should be scoped to correct service: '${service}'.`);
  if (authorization.date !== date.slice(0, 8)) {
    return invalid(`Date in Credential scope does not match the day of X-Amz-Date, ${date.slice(0, 8)}.`);
  }
  return undefined;
};

/** Added on the way, by a content delivery network: the only one of its kind that a signer cannot know. */
const ADDED_ON_THE_WAY = new Set(['x-amz-cf-id']);

/** Whoever changes a header that means something here must need the key for it. */
const unsigned = (request: AwsRequest, signed: readonly string[]): Refusal | undefined => {
  if (!signed.includes('host')) {
    return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const missing = Object.keys(request.headers).filter(
    (name) =>
      name.startsWith('x-amz-') &&
      headerOf(request, name) !== undefined &&
      !ADDED_ON_THE_WAY.has(name) &&
      !signed.includes(name),
  );
  if (missing.length > 0) {
    return invalid(`There were headers present in the request which were not signed: ${missing.join(', ')}.`);
  }
  return undefined;
};

const hmac = (key: string | Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest();

const signatureOf = (request: AwsRequest, by: Authorization, date: string, secret: string): Buffer => {
  const scope = [by.date, by.region, by.service, TERMINATOR];
  const key = scope.reduce<string | Uint8Array>(hmac, `AWS4${secret}`);
  const toSign = [ALGORITHM, date, scope.join('/'), sha256Hex(canonicalRequest(request, by.signedHeaders))];
  return hmac(key, toSign.join('\n'));
};

/**
 * Verifies a request’s signature (AWS Signature Version 4, in the `Authorization` header). Never throws for what the
 * request holds. A signature is good for 5 minutes either way, so within that time the same request may be sent again.
 */
export const verifySignature = (request: AwsRequest, { secretOf, service, now }: SignatureRules): Verified => {
  const by = parseAuthorization(headerOf(request, 'authorization'));
  if (!by.ok) return by;
  const date = headerOf(request, 'x-amz-date') ?? '';
  const at = parseAmzDate(date);
  if (at === undefined) {
    return refusal(
      'IncompleteSignatureException',
      "Authorization header requires existence of an 'X-Amz-Date' header of the form YYYYMMDDTHHMMSSZ.",
    );
  }
  const wrong = misscoped(by, service, date) ?? misdated(date, at, now) ?? unsigned(request, by.signedHeaders);
  if (wrong !== undefined) return wrong;
  const secret = secretOf(by.accessKeyId);
  if (secret === undefined) {
    return refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const claimed = headerOf(request, 'x-amz-content-sha256');
  if (claimed !== undefined && claimed !== sha256Hex(request.body)) {
    return invalid(
      "The value of 'X-Amz-Content-Sha256' is not the SHA-256 of the body in lower-case hexadecimal digits.",
    );
  }
  if (!timingSafeEqual(signatureOf(request, by, date, secret), Buffer.from(by.signature, 'hex'))) {
    return invalid(
      'The request signature we calculated does not match the signature you provided. Check the secret access key and the signing method.',
    );
  }
  return { ok: true, accessKeyId: by.accessKeyId };
};
