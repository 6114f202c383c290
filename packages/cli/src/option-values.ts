import { wrongUse } from './user-error.js';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const FORM = /^([0-9]+)([smhd]?)$/u;

/** `90`, `90s`, `15m`, `1h` or `7d` as seconds; `option` is named where it is none of these. */
export const parseDuration = (text: string, option: string): number => {
  const match = FORM.exec(text);
  const seconds = match ? Number(match[1]) * SECONDS[(match[2] || 's') as keyof typeof SECONDS] : Number.NaN;
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw wrongUse(`${option} ${text}: give a time like 90s, 15m, 1h or 7d`);
  }
  return seconds;
};

/** A whole number of at least `min`, at most `max`. */
export const parseCount = (text: string, option: string, min: number, max: number): number => {
  const count = /^[0-9]+$/u.test(text) ? Number(text) : Number.NaN;
  if (!(count >= min && count <= max)) throw wrongUse(`${option} ${text}: give a whole number from ${min} to ${max}`);
  return count;
};
