import { errorFrame } from '@aideals/core';
import { type ErrorCode, WireError } from '@aideals/protocol';

/** An HTTP answer that is an error: the envelope of every error as its body. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The body of an error. `at` is Unix milliseconds. */
export const errorBody = (error: WireError, at: number): string => errorFrame(error, undefined, at).text;

/** The headers that a status asks for. */
const headersOf = (status: number, retryAfter: number | undefined): Record<string, string> => ({
  ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
  ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  ...(status === 426 ? { Upgrade: 'websocket' } : {}),
});

/** An answer whose body is already there, as the core made it. */
export const refusalOf = (status: number, body: string, retryAfter?: number): Refusal => ({
  status,
  body,
  headers: headersOf(status, retryAfter),
});

export interface RefusalOptions {
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

/** `path` names the wrong field of a VALIDATION_ERROR. */
export const refuse = (status: number, code: ErrorCode, message: string, options: RefusalOptions = {}): Refusal => {
  const { retryAfter, headers, path } = options;
  const error =
    path === undefined
      ? new WireError(code, message, retryAfter === undefined ? undefined : { retryAfter }, status)
      : WireError.field(path, message, status);
  const refusal = refusalOf(status, errorBody(error, Date.now()), retryAfter);
  return { ...refusal, headers: { ...refusal.headers, ...headers } };
};
