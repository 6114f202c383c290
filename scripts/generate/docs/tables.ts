/** docs/errors.md, docs/close-codes.md and docs/limits.md: tables of the protocol. */
import {
  type BucketRule,
  type CloseCode,
  closeCodes,
  defaultBuckets,
  defaultLimits,
  errorTable,
  type Limits,
} from '@aideals/protocol';
import { TIMESTAMP } from '../examples.ts';
import { code, jsonText, page, table } from './markdown.ts';

export const errorsPage = (): string =>
  page(
    'Errors',
    'An error is a frame like any other, over HTTP the body. `details` is there where it helps; in a VALIDATION_ERROR its `fields` name each wrong field and what to do.',
    code(
      'json',
      jsonText({
        type: 'error',
        data: {
          code: 'VALIDATION_ERROR',
          message: 'data.filter: unknown field; did you mean filters?',
          details: { fields: [{ path: 'data.filter', message: 'unknown field; did you mean filters?' }] },
        },
        requestId: 'sub-456',
        timestamp: TIMESTAMP,
      }),
    ),
    table(
      ['code', 'HTTP status', 'when'],
      Object.entries(errorTable).map(([name, { status, when }]) => [`\`${name}\``, String(status), when]),
    ),
    'The HTTP status is that of the code, where a call does not name a more exact one.',
  );

const ADVICE: Readonly<Record<CloseCode['advice'], string>> = {
  now: 'at once',
  delay: 'after the delay told',
  backoff: 'with backoff',
  'new-token': 'with a new token',
  'when-needed': 'when needed',
  never: 'no',
};

export const closeCodesPage = (): string =>
  page(
    'Close codes',
    'Why a socket was closed, and whether to come back. Where a deployment cannot send a code, an `error` frame with `details.closeCode` comes before the close and advises the same.',
    table(
      ['code', 'reason', 'when', 'come back', 'what the client does'],
      Object.entries(closeCodes as Readonly<Record<number, CloseCode>>).map(([number, of]) => [
        number,
        of.reason,
        of.when,
        ADVICE[of.advice],
        of.client,
      ]),
    ),
  );

/** What each limit is; a limit that is missing here does not compile. */
const LIMITS: Readonly<Record<keyof Limits, readonly [unit: string, meaning: string]>> = {
  messageBytes: ['bytes', 'One message, either way. Larger: close 1009; refused at publish.'],
  contentBytes: ['bytes', '`content` of a chat message, in UTF-8.'],
  nesting: ['levels', 'Objects and lists within each other in a frame or body.'],
  fragments: ['fragments', 'Of one message. More: close 1008.'],
  bodyBytes: ['bytes', 'The body of an HTTP request. Larger: 413.'],
  subscriptionsPerConnection: ['subscriptions', 'Of one connection. More: SUBSCRIPTION_ERROR.'],
  connectionsPerUser: ['connections', 'Of one user. More: 429 at the upgrade.'],
  connections: ['connections', 'Of the server. More: 503 at the upgrade.'],
  mailbox: ['messages', 'Waiting for one user. More: MESSAGE_ERROR.'],
  idleSeconds: ['seconds', 'Without a data frame either way and without a ping of the client: close 4009.'],
  heartbeatSeconds: ['seconds', 'Between the pings of the server.'],
  goneSeconds: ['seconds', 'Without a byte: the link is taken for broken.'],
  tokenGraceSeconds: ['seconds', 'From the expiry of the token to the close 4001.'],
  retentionMessagesDays: ['days', 'A chat message is kept.'],
  retentionNotificationsDays: ['days', 'A notification is kept, where it has no `expiresAt`.'],
  retentionEventsSeconds: ['seconds', 'A deal event can be replayed.'],
  retentionEvents: ['events', 'That can be replayed; whichever comes first.'],
  outboxSoftBytes: ['bytes', 'Waiting for one connection: above it, older frames of a key give way to the newest.'],
  outboxHardBytes: ['bytes', 'Waiting for one connection: above it, close 4008.'],
  outboxStallSeconds: ['seconds', 'In which nothing was taken while something waits: close 4008.'],
  frameQueue: ['frames', 'Of one connection begun and not answered: with so many, its socket is not read.'],
};

const BUCKETS: Readonly<Record<keyof typeof defaultBuckets, string>> = {
  connect: 'Upgrades of one user.',
  connectIp: 'Upgrades from one address.',
  sendMessage: '`sendMessage` of one user.',
  subscribe: '`subscribeToDeals` and `unsubscribeFromDeals` of one user.',
  other: 'All other actions of one user, and calls that do not publish.',
  publish: 'Calls that publish, of one token or key.',
};

export const limitsPage = (): string =>
  page(
    'Limits',
    'Each can be set: [configuration.md](configuration.md) has the names.',
    '## Sizes, counts and times',
    table(
      ['limit', 'default', 'unit', 'of what'],
      Object.entries(LIMITS).map(([name, [unit, meaning]]) => [
        `\`${name}\``,
        defaultLimits[name as keyof Limits].toLocaleString('en-US'),
        unit,
        meaning,
      ]),
    ),
    '## Rates',
    'Token buckets: so many tokens come back each minute, and so many are there at most. An empty bucket is RATE_LIMIT_EXCEEDED with `details.retryAfter`.',
    table(
      ['class', 'a minute', 'at most', 'pays for'],
      Object.entries(BUCKETS).map(([name, meaning]) => {
        const rule: BucketRule | null = defaultBuckets[name as keyof typeof defaultBuckets];
        return [`\`${name}\``, rule ? String(rule.perMinute) : 'off', rule ? String(rule.burst) : 'off', meaning];
      }),
    ),
  );
