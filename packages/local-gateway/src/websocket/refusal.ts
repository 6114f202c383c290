import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Node has no response object for an upgrade: what is set by the connection itself is not a function’s to set. */
const OWN: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding', 'date']);

const clean = (value: string): string => value.replaceAll(/[\r\n]/gu, ' ');

/** Answers an upgrade with a status other than 101, and ends the connection. */
export const refuseUpgrade = (socket: Duplex, { status, headers = {}, body = '' }: Refusal): void => {
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const fields = Object.entries(isTyped ? headers : { 'Content-Type': 'application/json', ...headers });
  const told = fields.filter(([name]) => !OWN.has(name.toLowerCase()));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    ...told.map(([name, value]) => `${name}: ${clean(value)}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};

/** The body of an answer that API Gateway itself gives. */
export const gatewayMessage = (message: string, connectionId?: string, requestId?: string): string =>
  JSON.stringify({ message, connectionId, requestId });
