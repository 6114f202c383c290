import type { Clock } from '../clock.js';
import { type HttpApiFacts, type HttpRequest, httpEvent } from '../events/http-event.js';
import type { Lambda } from '../functions/lambda.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** What a browser of another origin is told, as the API’s own setting: a function’s own such headers are left out. */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface HttpApiOptions extends HttpApiFacts {
  readonly functionName: string;
  readonly cors?: Cors;
  readonly lambda: Lambda;
  readonly clock: Clock;
}

const INTEGRATION_MS = 30_000;
const JSON_TYPE = ['content-type', 'application/json'] as const;

const own = (status: number, message: string): HttpAnswer => ({
  status,
  headers: [JSON_TYPE],
  body: Buffer.from(JSON.stringify({ message })),
});

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A result as a response; one without a status is a body of JSON (payload format 2.0). */
const answerOf = (payload: string): HttpAnswer => {
  const result: unknown = JSON.parse(payload);
  if (!isRecord(result) || result['statusCode'] === undefined) {
    return { status: 200, headers: [JSON_TYPE], body: Buffer.from(textOf(result)) };
  }
  const status = Number(result['statusCode']);
  if (!Number.isInteger(status) || status < 100 || status > 599) return own(500, 'Internal Server Error');
  const given = isRecord(result['headers']) ? Object.entries(result['headers']) : [];
  const cookies = Array.isArray(result['cookies']) ? result['cookies'] : [];
  const headers = given.map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const body = result['body'] === undefined || result['body'] === null ? '' : textOf(result['body']);
  const hasType = body === '' || headers.some(([name]) => name === 'content-type');
  return {
    status,
    headers: [
      ...(hasType ? [] : [['content-type', 'text/plain;charset=UTF-8'] as const]),
      ...headers,
      ...cookies.map((cookie) => ['set-cookie', String(cookie)] as const),
    ],
    body: Buffer.from(body, result['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
};

/** An HTTP API with one route, `$default`. */
export class HttpApi {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    const { cors } = this.#options;
    const origin = request.rawHeaders.find((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === 'origin');
    if (cors === undefined) return this.#run(request);
    const allowed = cors.allowOrigins.includes('*') ? '*' : cors.allowOrigins.find((each) => each === origin);
    const isPreflight = request.method === 'OPTIONS' && origin !== undefined;
    const answer = isPreflight ? { status: 204, headers: [], body: Buffer.alloc(0) } : await this.#run(request);
    if (origin === undefined) return answer;
    const kept = answer.headers.filter(([name]) => !name.startsWith('access-control-'));
    if (allowed === undefined) return { ...answer, headers: kept };
    const told = isPreflight
      ? ([
          ['access-control-allow-methods', cors.allowMethods.join(',')],
          ['access-control-allow-headers', cors.allowHeaders.join(',')],
          ['access-control-max-age', String(cors.maxAgeSeconds)],
        ] as const)
      : ([['access-control-expose-headers', cors.exposeHeaders.join(',')]] as const);
    return { ...answer, headers: [...kept, ['access-control-allow-origin', allowed], ...told] };
  }

  async #run(request: HttpRequest): Promise<HttpAnswer> {
    const { lambda, clock, functionName } = this.#options;
    const event = JSON.stringify(httpEvent(request, this.#options, clock.now()));
    const ran = await lambda.invokeWithin(INTEGRATION_MS, functionName, event);
    if (ran === 'late') return own(503, 'Service Unavailable');
    if (ran !== undefined && 'throttled' in ran) return own(503, 'Service Unavailable');
    return ran !== undefined && 'payload' in ran ? answerOf(ran.payload) : own(500, 'Internal Server Error');
  }
}
