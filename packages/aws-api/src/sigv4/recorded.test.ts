import { describe, expect, it } from 'vitest';
import type { AwsRequest } from '../request.js';
import { RECORDED_KEY, type RecordedRequest, recordedRequests } from '../testing/recorded-requests.js';
import { parseAmzDate } from './amz-date.js';
import { verifySignature } from './verify.js';

const requestOf = (recorded: RecordedRequest): AwsRequest => ({
  method: recorded.method,
  rawPath: recorded.rawPath,
  rawQuery: recorded.rawQuery,
  headers: recorded.headers,
  body: Buffer.from(recorded.body, 'base64'),
});

const serviceOf = (request: AwsRequest): string =>
  request.rawPath.includes('@connections') ? 'execute-api' : 'lambda';

const sentAt = (recorded: RecordedRequest): number => {
  const at = parseAmzDate(recorded.headers['x-amz-date']?.[0] ?? '');
  if (at === undefined) throw new Error(`${recorded.by} was recorded without a date`);
  return at;
};

const verify = (request: AwsRequest, now: number, secret = RECORDED_KEY.secret) =>
  verifySignature(request, {
    secretOf: (id) => (id === RECORDED_KEY.accessKeyId ? secret : undefined),
    service: serviceOf(request),
    now,
  });

const changed = (request: AwsRequest, headers: Readonly<Record<string, string | undefined>>): AwsRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

const invalid = { ok: false, type: 'InvalidSignatureException' };

describe.each(recordedRequests)('the signature of $by', (recorded) => {
  const request = requestOf(recorded);
  const now = sentAt(recorded);

  it('is good', () => {
    expect(verify(request, now)).toEqual({ ok: true, accessKeyId: RECORDED_KEY.accessKeyId });
  });

  it('is good for 5 minutes either way, and not a millisecond longer', () => {
    const minutes = 5 * 60_000;
    expect(verify(request, now + minutes).ok).toBe(true);
    expect(verify(request, now - minutes).ok).toBe(true);
    expect(verify(request, now + minutes + 1)).toMatchObject({
      ...invalid,
      message: expect.stringMatching(/^Signature expired/),
    });
    expect(verify(request, now - minutes - 1)).toMatchObject({
      ...invalid,
      message: expect.stringMatching(/^Signature not yet current/),
    });
  });

  it('is not good under another secret', () => {
    expect(verify(request, now, `${RECORDED_KEY.secret}x`)).toMatchObject(invalid);
  });

  it('does not cover another method, path, query, host or body', () => {
    const others: AwsRequest[] = [
      { ...request, method: request.method === 'POST' ? 'DELETE' : 'POST' },
      { ...request, rawPath: `${request.rawPath}x` },
      { ...request, rawQuery: `${request.rawQuery}&x=1` },
      { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) },
      changed(request, { host: '127.0.0.1' }),
      changed(request, { host: undefined }),
    ];
    for (const other of others) expect(verify(other, now)).toMatchObject(invalid);
  });

  it('does not cover a header that was added, and each that it names counts', () => {
    expect(verify(changed(request, { 'x-amz-log-type': 'Tail' }), now)).toMatchObject({
      ...invalid,
      message: 'There were headers present in the request which were not signed: x-amz-log-type.',
    });
    const names = /SignedHeaders=([^,]+)/.exec(recorded.headers['authorization']?.[0] ?? '')?.[1]?.split(';') ?? [];
    expect(names).toContain('host');
    for (const name of names.filter((each) => each !== 'x-amz-date')) {
      expect(verify(changed(request, { [name]: 'another' }), now)).toMatchObject(invalid);
    }
  });
});
