import { randomBytes } from 'node:crypto';

/** An id as API Gateway makes them for connections, messages and requests: `L0SM9cOFvHcCIhw=`. */
export const gatewayId = (): string => randomBytes(11).toString('base64url').concat('=');

/** The id of a trace, as `X-Amzn-Trace-Id` carries it. */
export const traceId = (now: number): string =>
  `Root=1-${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;

const two = (value: number): string => String(value).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time as in access logs: `25/Nov/2025:03:00:00 +0000`. */
export const requestTime = (now: number): string => {
  const at = new Date(now);
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
};
