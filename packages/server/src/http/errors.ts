import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Refusal, refuse } from '../refusal.js';
import { reject } from '../socket/reject.js';

interface HttpError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
}

/** What a client is told of a request that did not come to a handler; undefined for a fault of the server. */
export const refusalOfError = (error: unknown, bodyBytes: number): Refusal | undefined => {
  const { code, statusCode, message } = (error ?? {}) as HttpError;
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse(415, 'VALIDATION_ERROR', 'must be application/json', { path: 'Content-Type' });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse(413, 'VALIDATION_ERROR', `the body is over ${bodyBytes} bytes`);
    case 'FST_ERR_BAD_URL':
      return refuse(400, 'VALIDATION_ERROR', 'the URL is malformed');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse(400, 'VALIDATION_ERROR', 'does not match the body', { path: 'Content-Length' });
    default:
  }
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  return refuse(statusCode, 'VALIDATION_ERROR', message ?? 'the request is malformed');
};

/** Bytes that are no HTTP request: told so, where there is still somebody to tell. */
export const clientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
  // An answer that is under way would be cut in two.
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: ServerResponse };
  if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent === true) {
    socket.destroy();
    return;
  }
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? refuse(431, 'VALIDATION_ERROR', 'the headers are too large')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? refuse(408, 'VALIDATION_ERROR', 'the request did not come in time')
        : refuse(400, 'VALIDATION_ERROR', 'this is no HTTP request');
  reject(socket, refusal);
};
