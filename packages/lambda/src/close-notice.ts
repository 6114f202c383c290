import { type CloseNotice, errorFrame } from '@aideals/core';
import { type CloseCodeNumber, closeCodes, type ErrorCode, WireError } from '@aideals/protocol';

const errorOf: Readonly<Record<CloseCodeNumber, ErrorCode>> = {
  1000: 'CONNECTION_ERROR',
  1001: 'CONNECTION_ERROR',
  1002: 'VALIDATION_ERROR',
  1003: 'VALIDATION_ERROR',
  1007: 'VALIDATION_ERROR',
  1008: 'VALIDATION_ERROR',
  1009: 'VALIDATION_ERROR',
  1011: 'INTERNAL_ERROR',
  1012: 'CONNECTION_ERROR',
  4001: 'AUTHENTICATION_ERROR',
  4003: 'AUTHORIZATION_ERROR',
  4008: 'CONNECTION_ERROR',
  4009: 'CONNECTION_ERROR',
  4010: 'CONNECTION_ERROR',
  4029: 'RATE_LIMIT_EXCEEDED',
};

/**
 * The last frame before a close: a connection that API Gateway deletes gets no close code of ours, so this tells it, as
 * `details.closeCode`. `now` is Unix milliseconds.
 */
export const closeNoticeFrame = ({ code, retryAfter }: CloseNotice, now: number): string => {
  const details = { closeCode: code, ...(retryAfter === undefined ? {} : { retryAfter }) };
  return errorFrame(new WireError(errorOf[code], closeCodes[code].reason, details), undefined, now).text;
};
