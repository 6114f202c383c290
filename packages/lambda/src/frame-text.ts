import type { MessageEvent } from './event.js';

/** A message of the client: its text, and its length in bytes of UTF-8. */
export interface Message {
  readonly text: string;
  readonly bytes: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The message in an event; undefined where its bytes are not UTF-8. */
export const readMessage = ({ body, isBase64Encoded }: MessageEvent): Message | undefined => {
  const given = body ?? '';
  if (isBase64Encoded !== true) return { text: given, bytes: Buffer.byteLength(given) };
  const bytes = Buffer.from(given, 'base64');
  try {
    return { text: utf8.decode(bytes), bytes: bytes.byteLength };
  } catch {
    return undefined;
  }
};
