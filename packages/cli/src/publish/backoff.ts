const FIRST_MILLIS = 250;
const LONGEST_MILLIS = 15_000;

/** Exponential with full jitter: so that many publishers do not come back together. `attempt` counts from 0. */
export const backoffMillis = (attempt: number, random: () => number): number =>
  Math.round(random() * Math.min(LONGEST_MILLIS, FIRST_MILLIS * 2 ** (attempt + 1)));

/** `Retry-After` as milliseconds from `now`: whole seconds, or an HTTP date. Undefined where it is absent or neither. */
export const retryAfterMillis = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/u.test(text)) return Number(text) * 1000;
  // Only the form that HTTP sends: Date.parse alone takes "1.5" for a month.
  const date = /GMT$/u.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};
