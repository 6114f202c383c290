import type { IncomingMessage } from 'node:http';

/** What is read at most of a body that is refused already, and for how long. */
const MOST_BYTES = 16 * 1_048_576;
const MOST_MS = 5_000;

/**
 * Reads to the end of a body that is not wanted, and drops it. A socket that is closed with bytes unread resets the
 * connection, and the peer (or a proxy between) may lose the answer with it: RFC 9112, section 9.6. Never rejects; resolves
 * early where the body is larger or slower than anything that deserves an answer.
 */
export const readOn = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    if (request.complete || request.destroyed) {
      resolve();
      return;
    }
    let bytes = 0;
    const end = (): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', end).off('close', end).off('error', end);
      resolve();
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) end();
    };
    const timer = setTimeout(end, MOST_MS);
    request.on('data', take).on('end', end).on('close', end).on('error', end);
    request.resume();
  });
