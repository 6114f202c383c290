import { createHash, createHmac } from 'node:crypto';

export const AWS_KEY = { accessKeyId: 'AKIDTESTS', secret: 'a/secret+for-tests' };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The headers of a call that is signed as AWS has it (Signature Version 4), with as few of them as may be. */
export const signed = (
  method: string,
  url: string,
  service: 'execute-api' | 'lambda',
  body = '',
  more: Readonly<Record<string, string>> = {},
  key = AWS_KEY,
): Record<string, string> => {
  const { host, pathname, search } = new URL(url);
  const at = new Date().toISOString().replaceAll(/[-:]|\.\d+/gu, '');
  const scope = `${at.slice(0, 8)}/eu-north-1/${service}/aws4_request`;
  // Each segment is encoded once more than it is sent.
  const path = pathname.split('/').map(encodeURIComponent).join('/');
  const headers = Object.entries<string>({ ...more, host, 'x-amz-date': at }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value}`);
  const canonical = [method, path, search.slice(1), ...lines, '', names, sha256(body)];
  const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical.join('\n'))].join('\n');
  const signing = scope.split('/').reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${key.secret}`);
  const signature = hmac(signing, toSign).toString('hex');
  return {
    ...more,
    'x-amz-date': at,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
};
