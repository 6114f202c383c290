import { createHash } from 'node:crypto';
import { type AwsRequest, headerOf } from '../request.js';
import { percentDecode, percentEncode } from './percent.js';

export const sha256Hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/**
 * The path as every service but S3 signs it: dot segments and empty segments are resolved, and each segment of the raw path
 * is percent-encoded once more (`@` becomes `%40`, `%3D` becomes `%253D`).
 */
const canonicalPath = (rawPath: string): string => {
  const segments: string[] = [];
  for (const segment of rawPath.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(percentEncode(segment));
  }
  return `/${segments.join('/')}${segments.length > 0 && rawPath.endsWith('/') ? '/' : ''}`;
};

const reencode = (text: string): string => {
  const decoded = percentDecode(text);
  return decoded === undefined ? text : percentEncode(decoded);
};

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorted by encoded name, then by encoded value. */
const canonicalQuery = (rawQuery: string): string =>
  rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [reencode(name), reencode(value)] as const;
    })
    .sort(([a, x], [b, y]) => byCodeUnit(a, b) || byCodeUnit(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

const canonicalHeader = (request: AwsRequest, name: string): string =>
  `${name}:${(headerOf(request, name) ?? '').trim().replace(/\s+/g, ' ')}\n`;

/**
 * The text whose digest is signed. The payload’s hash is always that of the body which came: some tools send no
 * `x-amz-content-sha256`, and what is sent there is only a claim.
 */
export const canonicalRequest = (request: AwsRequest, signedHeaders: readonly string[]): string =>
  [
    request.method,
    canonicalPath(request.rawPath),
    canonicalQuery(request.rawQuery),
    signedHeaders.map((name) => canonicalHeader(request, name)).join(''),
    signedHeaders.join(';'),
    sha256Hex(request.body),
  ].join('\n');
