import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AwsRequest, headerOf } from '../request.js';
import { SIGNER_KEY, SIGNER_NOW, type Signing, sign } from '../testing/sign.js';
import { verifySignature } from './verify.js';

const PATH = { rawPath: '/@connections/abc%3D', canonicalPath: '/%40connections/abc%253D' };

const verify = (request: AwsRequest) =>
  verifySignature(request, {
    secretOf: (id) => (id === SIGNER_KEY.accessKeyId ? SIGNER_KEY.secret : undefined),
    service: 'execute-api',
    now: SIGNER_NOW,
  });

const signed = (signing: Partial<Signing> = {}): AwsRequest => sign({ ...PATH, ...signing });

const withAuthorization = (change: (header: string) => string | undefined): AwsRequest => {
  const request = signed();
  return {
    ...request,
    headers: { ...request.headers, authorization: change(headerOf(request, 'authorization') ?? '') },
  };
};

const good = { ok: true, accessKeyId: SIGNER_KEY.accessKeyId };

describe('a good signature', () => {
  it('encodes each segment of the raw path once more', () => {
    expect(verify(signed())).toEqual(good);
    expect(verify(sign({ rawPath: '/%40connections/a', canonicalPath: '/%2540connections/a' }))).toEqual(good);
    expect(verify(sign({ rawPath: '/@connections/a', canonicalPath: '/@connections/a' })).ok).toBe(false);
  });

  it('hashes the body, whether its hash was sent or not', () => {
    const post = { method: 'POST', body: '{"text":"Grüße"}' };
    const hash = createHash('sha256').update(post.body).digest('hex');
    expect(verify(signed(post))).toEqual(good);
    expect(verify(signed({ ...post, headers: { 'x-amz-content-sha256': hash } }))).toEqual(good);
    expect(verify(signed({ ...post, headers: { 'x-amz-content-sha256': hash.toUpperCase() } })).ok).toBe(false);
  });

  it('sorts the query by encoded name and value', () => {
    const query = { rawQuery: 'b=2&a=%7E&b=1&c', canonicalQuery: 'a=~&b=1&b=2&c=' };
    expect(verify(signed(query))).toEqual(good);
  });

  it('takes a query that is not UTF-8 as it is', () => {
    expect(verify(signed({ rawQuery: 'a=%FF' }))).toEqual(good);
  });

  it('may be scoped to any region', () => {
    expect(verify(signed({ region: 'eu-central-1' }))).toEqual(good);
  });

  it('lets a content delivery network add its own header', () => {
    expect(verify(signed({ unsigned: { 'x-amz-cf-id': 'added', 'x-amzn-trace-id': 'added' } }))).toEqual(good);
  });
});

describe('a wrong signature', () => {
  const wrong: readonly (readonly [string, () => AwsRequest, string, RegExp])[] = [
    [
      'is not there',
      () => withAuthorization(() => undefined),
      'MissingAuthenticationTokenException',
      /^Missing Authentication Token$/,
    ],
    ['is empty', () => withAuthorization(() => ' '), 'MissingAuthenticationTokenException', /^Missing/],
    ['is a bearer token', () => withAuthorization(() => 'Bearer abc'), 'IncompleteSignatureException', /AWS4-HMAC/],
    [
      'is of another algorithm',
      () => withAuthorization((header) => header.replace('SHA256', 'SHA512')),
      'IncompleteSignatureException',
      /must begin with AWS4-HMAC-SHA256/,
    ],
    [
      'is a longer algorithm',
      () => withAuthorization((header) => header.replace('SHA256', 'SHA2567')),
      'IncompleteSignatureException',
      /must begin with/,
    ],
    [
      'is no list of parameters',
      () => withAuthorization(() => 'AWS4-HMAC-SHA256 Credential'),
      'IncompleteSignatureException',
      /name=value/,
    ],
    [
      'names a parameter twice',
      () => withAuthorization((header) => `${header}, Signature=${'0'.repeat(64)}`),
      'IncompleteSignatureException',
      /each name once/,
    ],
    [
      'lacks its parts',
      () => withAuthorization(() => 'AWS4-HMAC-SHA256 Signature='),
      'IncompleteSignatureException',
      /'Credential'.*'SignedHeaders'.*'Signature'/,
    ],
    [
      'has a credential of four parts',
      () => withAuthorization((header) => header.replace('/us-east-1', '')),
      'IncompleteSignatureException',
      /5 slash-delimited/,
    ],
    [
      'names headers in capitals',
      () => withAuthorization((header) => header.replace('host;', 'Host;')),
      'IncompleteSignatureException',
      /lower-case header names/,
    ],
    [
      'is no hexadecimal number',
      () => withAuthorization((header) => header.replace(/Signature=.*/, 'Signature=zz')),
      'IncompleteSignatureException',
      /64 hexadecimal/,
    ],
    [
      'has one digit changed',
      () => withAuthorization((header) => header.slice(0, -1) + (header.endsWith('0') ? '1' : '0')),
      'InvalidSignatureException',
      /does not match/,
    ],
    ['has no date', () => signed({ without: ['x-amz-date'] }), 'IncompleteSignatureException', /X-Amz-Date/],
    [
      'has a date of no calendar',
      () => signed({ date: '20261331T000000Z' }),
      'IncompleteSignatureException',
      /YYYYMMDDTHHMMSSZ/,
    ],
    [
      'is scoped to another day',
      () => signed({ scopeDate: '20261124' }),
      'InvalidSignatureException',
      /day of X-Amz-Date, 20261125/,
    ],
    [
      'is scoped to another service',
      () => signed({ service: 'lambda' }),
      'InvalidSignatureException',
      /correct service: 'execute-api'/,
    ],
    [
      'is scoped to another end',
      () => signed({ terminator: 'aws5_request' }),
      'InvalidSignatureException',
      /valid terminator/,
    ],
    [
      'does not cover the host',
      () => signed({ without: ['host'], unsigned: { host: '127.0.0.1:3001' } }),
      'InvalidSignatureException',
      /'Host' must be a 'SignedHeader'/,
    ],
    [
      'does not cover a header that matters',
      () => signed({ unsigned: { 'x-amz-invocation-type': 'Event' } }),
      'InvalidSignatureException',
      /not signed: x-amz-invocation-type/,
    ],
    [
      'covers a header that did not come',
      () => {
        const request = signed({ headers: { 'x-amz-target': 'a' } });
        return { ...request, headers: { ...request.headers, 'x-amz-target': undefined } };
      },
      'InvalidSignatureException',
      /does not match/,
    ],
    [
      'leaves the payload out',
      () =>
        signed({
          method: 'POST',
          body: 'x',
          payloadHash: 'UNSIGNED-PAYLOAD',
          headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        }),
      'InvalidSignatureException',
      /SHA-256 of the body/,
    ],
    [
      'is of a key that is not known',
      () => signed({ key: { ...SIGNER_KEY, accessKeyId: 'AKIDOTHER' } }),
      'UnrecognizedClientException',
      /security token included in the request is invalid/,
    ],
    [
      'is of a key with another secret',
      () => signed({ key: { ...SIGNER_KEY, secret: 'guessed' } }),
      'InvalidSignatureException',
      /does not match/,
    ],
  ];

  it.each(wrong)('%s', (_title, request, type, message) => {
    const verified = verify(request());
    expect(verified).toMatchObject({ ok: false, type });
    expect(verified.ok ? '' : verified.message).toMatch(message);
  });

  it('is told without a word of what was sent', () => {
    for (const [, request] of wrong) {
      const made = request();
      const told = JSON.stringify(verify(made));
      expect(told).not.toContain(SIGNER_KEY.secret);
      const signature = /Signature=([0-9a-f]{64})/.exec(headerOf(made, 'authorization') ?? '')?.[1];
      if (signature !== undefined) expect(told).not.toContain(signature);
    }
  });
});
