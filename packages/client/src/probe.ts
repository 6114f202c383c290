import { AidealsError } from './errors.js';
import { parseFrames } from './frames.js';

const WITHIN = 5_000;

/**
 * Asks by a plain request why a WebSocket could not be opened: a browser is not told. The server answers as it answered
 * the upgrade. Undefined where the answer is none of this server's errors, or there is none.
 */
export const probe = async (url: string, token: string): Promise<AidealsError | undefined> => {
  if (typeof fetch !== 'function') return undefined;
  try {
    const response = await fetch(url.replace(/^ws/u, 'http'), {
      headers: { authorization: `Bearer ${token}` },
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(WITHIN),
    });
    const [frame] = response.status >= 400 ? parseFrames(await response.text()) : [];
    if (frame?.type !== 'error' || response.status === 426) return undefined;
    const error = AidealsError.of(frame);
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    const told = Number.isFinite(retryAfter) && error.details['retryAfter'] === undefined ? { retryAfter } : {};
    return new AidealsError(error.code, error.message, { ...error.details, ...told, status: response.status });
  } catch {
    return undefined;
  }
};
