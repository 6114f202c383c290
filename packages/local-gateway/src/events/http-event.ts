import { randomUUID } from 'node:crypto';
import { requestTime, traceId } from '../aws-ids.js';
import { pairsOf } from './header-maps.js';

export interface HttpRequest {
  readonly method: string;
  /** The request target up to the first `?`, as it came. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly sourceIp: string;
}

export interface HttpApiFacts {
  readonly apiId: string;
  readonly accountId: string;
  readonly domainName: string;
}

/** Bodies of these types are passed on as text, all others in base64. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml|x-www-form-urlencoded)|[^;]*\+(?:json|xml))/iu;

/** Values of one name are joined by commas. */
const joined = (pairs: Iterable<readonly [string, string]>): Record<string, string> => {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) values.set(name, values.has(name) ? `${values.get(name)},${value}` : value);
  return Object.fromEntries(values);
};

/** An HTTP API decodes the path before it hands it on. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** An event of an HTTP API with the payload format 2.0, for a route `$default` on the stage `$default`. */
export const httpEvent = (request: HttpRequest, api: HttpApiFacts, now: number) => {
  const { method, rawPath, rawQuery, rawHeaders, body, sourceIp } = request;
  const lower = pairsOf(rawHeaders).map(([name, value]) => [name.toLowerCase(), value] as const);
  const cookies = lower.filter(([name]) => name === 'cookie').flatMap(([, value]) => value.split(/; */u));
  const earlier = lower.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value);
  const headers: Record<string, string> = {
    ...joined(lower.filter(([name]) => name !== 'cookie')),
    'x-amzn-trace-id': traceId(now),
    'x-forwarded-for': [...earlier, sourceIp].join(', '),
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
  const query = joined(new URLSearchParams(rawQuery));
  const isText = TEXT.test(headers['content-type'] ?? '');
  const bytes = Buffer.from(body);
  const path = decoded(rawPath);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: rawQuery,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: api.accountId,
      apiId: api.apiId,
      domainName: api.domainName,
      domainPrefix: api.domainName.split('.', 1)[0],
      http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: requestTime(now),
      timeEpoch: now,
    },
    ...(bytes.length === 0 ? {} : { body: bytes.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: bytes.length > 0 && !isText,
  };
};
