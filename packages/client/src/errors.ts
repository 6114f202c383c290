import type { JsonObject } from './frames.js';
import type { ErrorCode, ServerFrame } from './generated/wire.js';

/**
 * What went wrong. Besides the codes of the wire: `TIMEOUT` no answer in time, `CONNECTION_LOST` the connection ended
 * before the answer, `CLIENT_CLOSED` the client is closed, `TOKEN_ERROR` the token callback failed.
 */
export type ClientErrorCode = ErrorCode | 'TIMEOUT' | 'CONNECTION_LOST' | 'CLIENT_CLOSED' | 'TOKEN_ERROR';

/** The one error of this client. */
export class AidealsError extends Error {
  readonly code: ClientErrorCode;
  /** What the server, or the client, knows besides: `retryAfter` in seconds, `fields`, `closeCode`. */
  readonly details: JsonObject;

  constructor(code: ClientErrorCode, message: string, details: JsonObject = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AidealsError';
    this.code = code;
    this.details = details;
  }

  /** The error that an `error` frame tells. */
  static of(frame: ServerFrame): AidealsError {
    const { code, message, details } = frame.data;
    const object = typeof details === 'object' && details !== null && !Array.isArray(details) ? details : {};
    return new AidealsError(
      typeof code === 'string' ? (code as ErrorCode) : 'INTERNAL_ERROR',
      typeof message === 'string' ? message : 'the server answered an error without a message',
      object,
    );
  }
}
