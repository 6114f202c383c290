/** When a client should come back after a close. */
export type Advice = 'now' | 'delay' | 'backoff' | 'new-token' | 'when-needed' | 'never';

export interface CloseCode {
  readonly reason: string;
  readonly advice: Advice;
  readonly when: string;
  readonly client: string;
}

const unrepeated = 'Reconnect with backoff; do not repeat the frame.';

/** Every code that the server closes with, and what the client does then. */
export const closeCodes = {
  1000: { reason: 'bye', advice: 'never', when: 'The client closed.', client: 'Nothing.' },
  1001: {
    reason: 'going away',
    advice: 'delay',
    when: 'The server or the page goes away.',
    client: 'Come back after the delay told by `goAway`.',
  },
  1002: { reason: 'protocol error', advice: 'backoff', when: 'A frame breaks RFC 6455.', client: unrepeated },
  1003: { reason: 'binary frames are not accepted', advice: 'backoff', when: 'A binary frame.', client: unrepeated },
  1007: { reason: 'not UTF-8', advice: 'backoff', when: 'A text frame that is not UTF-8.', client: unrepeated },
  1008: {
    reason: 'too many fragments',
    advice: 'backoff',
    when: 'A message in too many fragments.',
    client: unrepeated,
  },
  1009: { reason: 'message too large', advice: 'backoff', when: 'A message over the size limit.', client: unrepeated },
  1011: {
    reason: 'internal error',
    advice: 'backoff',
    when: 'A fault of the server.',
    client: 'Reconnect with backoff. So with 1006, which no one sends: the link broke.',
  },
  1012: {
    reason: 'restarting',
    advice: 'delay',
    when: 'The server restarts.',
    client: 'Come back after the delay told by `goAway`.',
  },
  4001: {
    reason: 'token expired',
    advice: 'new-token',
    when: 'The token expired and was not refreshed in time.',
    client: 'Get a new token, then reconnect.',
  },
  4003: {
    reason: 'closed by an administrator',
    advice: 'never',
    when: 'Revoked, or closed by an administrator.',
    client: 'Do not come back.',
  },
  4008: {
    reason: 'slow consumer',
    advice: 'now',
    when: 'The client did not read fast enough.',
    client: 'Come back now, and resume with `lastEventId`.',
  },
  4009: {
    reason: 'idle',
    advice: 'when-needed',
    when: 'No data either way for the idle time.',
    client: 'Come back when needed.',
  },
  4010: {
    reason: 'taken over',
    advice: 'never',
    when: 'A newer connection of the same user and `client`.',
    client: 'Do not come back: the newer connection serves.',
  },
  4029: {
    reason: 'flood',
    advice: 'delay',
    when: 'Frames went on coming after RATE_LIMIT_EXCEEDED.',
    client: 'Come back after `retryAfter`.',
  },
} as const satisfies Record<number, CloseCode>;

export type CloseCodeNumber = keyof typeof closeCodes;
