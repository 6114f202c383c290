import { z } from 'zod';
import { freeObject } from './fields.js';
import type { JsonObject } from './json.js';

/** Every error code on the wire, with what it means and the HTTP status that carries it where none is more exact. */
export const errorTable = {
  VALIDATION_ERROR: {
    status: 400,
    when: 'Not JSON, a wrong shape or an unknown action; `details.fields` names the path of each wrong field. Also an id that is unknown or not yours: one answer for both.',
  },
  AUTHENTICATION_ERROR: { status: 401, when: 'The token is missing, bad or expired.' },
  AUTHORIZATION_ERROR: {
    status: 403,
    when: 'The scope or the room is not granted, or the token at a refresh is another user’s.',
  },
  RATE_LIMIT_EXCEEDED: {
    status: 429,
    when: 'Too many requests; `details.retryAfter` says after how many seconds to come back.',
  },
  SUBSCRIPTION_ERROR: {
    status: 400,
    when: 'The subscriptionId is unknown, the connection has too many subscriptions, or it could not be stored.',
  },
  MESSAGE_ERROR: {
    status: 400,
    when: 'The message could not be stored, the mailbox of the recipient is full, or there is no such room.',
  },
  CONNECTION_ERROR: { status: 503, when: 'The connection is unknown or closing, or the server takes no new ones.' },
  INTERNAL_ERROR: {
    status: 500,
    when: 'A fault of the server. It tells a stranger nothing but `details.errorId`, which the operator finds in the log.',
  },
} as const satisfies Record<string, { status: number; when: string }>;

export type ErrorCode = keyof typeof errorTable;
export const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** `data` of an `error` frame, and the body's `data` of every HTTP error. */
export const errorData = z.object({
  code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  details: freeObject.optional(),
});

/** One wrong field: its path from the root of the frame or body, and what to do about it. */
export interface FieldError {
  path: string;
  message: string;
}

/** An error that the sender of a frame or request is told. `status` overrides the code's own HTTP status. */
export class WireError extends Error {
  readonly code: ErrorCode;
  readonly details: JsonObject | undefined;
  readonly status: number;

  constructor(code: ErrorCode, message: string, details?: JsonObject, status?: number) {
    super(message);
    this.name = 'WireError';
    this.code = code;
    this.details = details;
    this.status = status ?? errorTable[code].status;
  }

  /** A VALIDATION_ERROR that names one wrong field. */
  static field(path: string, message: string, status?: number): WireError {
    return WireError.fields([{ path, message }], status);
  }

  /** A VALIDATION_ERROR that names each wrong field. */
  static fields(fields: readonly FieldError[], status?: number): WireError {
    const text = fields.map((field) => (field.path ? `${field.path}: ${field.message}` : field.message)).join('; ');
    return new WireError('VALIDATION_ERROR', text, { fields: fields.map((field) => ({ ...field })) }, status);
  }

  /** The `data` of the `error` frame. */
  get data(): JsonObject {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}
