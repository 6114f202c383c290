import type { AidealsError, ClientState, Lost } from '@aideals/client';

const seconds = (value: unknown): string | undefined =>
  typeof value === 'number' ? `${Math.ceil(value)} second${Math.ceil(value) === 1 ? '' : 's'}` : undefined;

/** What an error means to a visitor, and what comes of it. */
export const wordsOf = (error: AidealsError): string => {
  const wait = seconds(error.details['retryAfter']);
  switch (error.code) {
    case 'AUTHENTICATION_ERROR':
      return `The server does not accept this token (${error.message}). Paste a new one.`;
    case 'AUTHORIZATION_ERROR':
      return `The server does not allow this: ${error.message}.`;
    case 'RATE_LIMIT_EXCEEDED':
      return `Too many changes in a short time. The last one is asked for again${wait ? ` in ${wait}` : ' soon'}.`;
    case 'CONNECTION_ERROR':
      return `The server takes no new connections now. The page tries again${wait ? ` in ${wait}` : ' soon'}.`;
    case 'VALIDATION_ERROR':
    case 'SUBSCRIPTION_ERROR':
      return `The server refused these filters: ${error.message}.`;
    case 'TIMEOUT':
      return 'The server did not answer in time. The page tries again.';
    default:
      return `Something went wrong: ${error.message}.`;
  }
};

/** Why the connection was closed for good. */
const ends: Readonly<Record<number, string>> = {
  4001: 'The token has expired. Paste a new one.',
  4003: 'An administrator closed this connection.',
  4010: 'This page was opened again elsewhere, and the newer one is served.',
};

export const endWords = (state: ClientState): string =>
  (state.closeCode === undefined ? undefined : ends[state.closeCode]) ??
  (state.error === undefined ? 'The connection is closed.' : wordsOf(state.error));

export const gapWords = (lost: Lost): string =>
  lost.reason === 'retention'
    ? 'The page was away for so long that some deals of that time are not kept any more.'
    : 'The server began a new log: deals may be missing before this point.';

const steps = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
] as const;

/** How long ago something was, from milliseconds. */
export const ageWords = (ms: number): string => {
  const age = Math.max(0, Math.floor(ms / 1000));
  if (age < 2) return 'just now';
  for (const [below, unit, label] of steps) if (age < below) return `${Math.floor(age / unit)} ${label} ago`;
  return `${Math.floor(age / 86_400)} d ago`;
};

/** A price in its currency; where that is none, as a plain number. */
export const priceWords = (price: number, currency: string | undefined): string => {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency: currency ?? 'USD' }).format(price);
  } catch {
    return `${price.toFixed(2)} ${currency}`;
  }
};
