import type { IncomingMessage } from 'node:http';

/** The bytes of a request’s body; undefined where it has more than so many. */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).byteLength;
    // The rest is read and forgotten, so that the answer is heard.
    if (bytes <= limit) parts.push(part as Buffer);
  }
  return bytes > limit ? undefined : Buffer.concat(parts);
};
