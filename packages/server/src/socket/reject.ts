import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../refusal.js';

/** How long a client that was refused may keep its socket open. */
const LINGER_MS = 1_000;

/** Answers an upgrade with an ordinary response, and ends the connection. */
export const reject = (socket: Duplex, { status, body, headers }: Refusal): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  // What the client goes on sending is read and dropped: closing over unread bytes would reset the connection, and the
  // answer might be lost with it.
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  linger.unref();
  socket.once('close', () => clearTimeout(linger));
  socket.resume();
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
