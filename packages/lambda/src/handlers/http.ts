import { bearerOf, type CallResponse, type Clock, type Engine, errorFrame } from '@aideals/core';
import { type ErrorCode, WireError } from '@aideals/protocol';
import type { ProxyResult } from '../event.js';
import type { DoorRules } from './door.js';
import { type HttpEvent, jsonTextOf, pathOf, queryOf } from './http-request.js';
import { route } from './http-routes.js';

export interface HttpOptions {
  readonly engine: Pick<Engine, 'call'>;
  readonly door: Pick<DoorRules, 'addressOf' | 'isAddressAllowed'>;
  readonly clock: Clock;
  readonly bodyBytes: number;
  /** Texts of JSON documents by their path. */
  readonly documents: Readonly<Record<string, string>>;
  /** `ok` for each thing that is needed, or a phrase that says what is wrong. */
  readonly checks: () => Promise<Readonly<Record<string, string>>>;
}

const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

const json = (statusCode: number, body: string, headers: Readonly<Record<string, string>> = {}): ProxyResult => ({
  statusCode,
  headers: { ...HEADERS, ...headers },
  body,
});

const responded = ({ status, body, retryAfter, replayed }: CallResponse): ProxyResult => {
  const headers = {
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    ...(replayed === true ? { 'Idempotency-Replayed': 'true' } : {}),
  };
  return body === undefined ? { statusCode: status, headers: { ...headers } } : json(status, body, headers);
};

/** The HTTP API: the calls of the contracts, and what the deployment tells of itself. */
export const createHttp = ({ engine, door, clock, bodyBytes, documents, checks }: HttpOptions) => {
  const refused = (error: WireError, headers?: Readonly<Record<string, string>>): ProxyResult =>
    json(error.status, errorFrame(error, undefined, clock.now()).text, headers);
  const refuse = (status: number, code: ErrorCode, message: string, headers?: Readonly<Record<string, string>>) =>
    refused(new WireError(code, message, undefined, status), headers);
  const wrongMethod = (allowed: readonly string[]): ProxyResult => {
    const list = allowed.join(', ');
    return refuse(405, 'VALIDATION_ERROR', `this path takes ${list}`, { Allow: list });
  };

  /** Undefined where the path is not one of these. */
  const own = async (method: string, path: string): Promise<ProxyResult | undefined> => {
    const isDocument = Object.hasOwn(documents, path);
    if (!isDocument && path !== '/healthz' && path !== '/readyz') return undefined;
    if (method !== 'GET' && method !== 'HEAD') return wrongMethod(['GET', 'HEAD']);
    if (isDocument) return json(200, documents[path] as string);
    if (path === '/healthz') return json(200, '{"status":"ok"}');
    const found = await checks();
    const isReady = Object.values(found).every((check) => check === 'ok');
    return json(isReady ? 200 : 503, JSON.stringify({ status: isReady ? 'ok' : 'unavailable', checks: found }));
  };

  const call = async (event: HttpEvent, method: string, path: string, ip: string): Promise<ProxyResult> => {
    const routed = route(method, path);
    if (routed === undefined) return refuse(404, 'VALIDATION_ERROR', 'there is nothing here');
    if ('allowed' in routed) return wrongMethod(routed.allowed);
    const { headers = {} } = event;
    const credentials = {
      bearer: bearerOf(headers['authorization']),
      apiKey: headers['x-api-key'],
      ip,
    };
    return responded(
      await engine.call(credentials, {
        ...routed,
        query: queryOf(event),
        body: jsonTextOf(event, bodyBytes),
        idempotencyKey: headers['idempotency-key'],
      }),
    );
  };

  return async (event: HttpEvent): Promise<ProxyResult> => {
    const { method, sourceIp } = event.requestContext.http;
    const ip = door.addressOf(sourceIp, event.headers?.['x-forwarded-for'] ?? '');
    const path = pathOf(event);
    try {
      const answered = path === '/healthz' || path === '/readyz' ? await own(method, path) : undefined;
      if (answered !== undefined) return answered;
      if (!door.isAddressAllowed(ip)) return refuse(403, 'AUTHORIZATION_ERROR', 'this address may not connect');
      return (await own(method, path)) ?? (await call(event, method, path, ip));
    } catch (error) {
      if (error instanceof WireError) return refused(error);
      throw error;
    }
  };
};
