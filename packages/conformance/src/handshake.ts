import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { DEADLINE_MS, patient } from './waiting.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What goes into an upgrade. A header that is `null` is left out. */
export interface DialOptions {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string | null>>;
}

/** The head of an HTTP answer; names in lower case, the values of a repeated one joined. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export type Handshake =
  | { readonly open: true; readonly head: Head; readonly socket: Socket; readonly rest: Buffer }
  | { readonly open: false; readonly head: Head; readonly body: string };

const parseHead = (text: string): Head => {
  const [start = '', ...lines] = text.split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(start)?.[1]);
  if (!Number.isInteger(status)) throw new Error(`not an HTTP answer: ${start.slice(0, 80)}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status, headers };
};

const dechunk = (bytes: Buffer): string => {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) break;
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
  return Buffer.concat(parts).toString('utf8');
};

const request = (url: URL, key: string, options: DialOptions): string => {
  const headers: Record<string, string | null> = {
    Host: url.host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
    ...(options.protocols === undefined ? {} : { 'Sec-WebSocket-Protocol': options.protocols.join(', ') }),
    ...options.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `GET ${options.path ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
};

/**
 * Asks for an upgrade over a plain TCP socket. `base` is `http://host:port`. A 101 is checked as a client must check it;
 * any other answer is given with its body.
 */
export const handshake = (base: string, options: DialOptions = {}): Promise<Handshake> => {
  const url = new URL(base);
  const key = randomBytes(16).toString('base64');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    let bytes = Buffer.alloc(0);
    let head: Head | undefined;
    let bodyAt = 0;
    const timer = setTimeout(() => fail(new Error('the upgrade was not answered in time')), patient(DEADLINE_MS));
    const stopListening = () => {
      clearTimeout(timer);
      socket.removeAllListeners();
    };
    const fail = (error: Error) => {
      stopListening();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const refused = (known: Head) => {
      stopListening();
      socket.on('error', () => undefined);
      socket.destroy();
      const body = bytes.subarray(bodyAt);
      const chunked = known.headers['transfer-encoding'] === 'chunked';
      resolve({ open: false, head: known, body: chunked ? dechunk(body) : body.toString('utf8') });
    };
    const opened = (known: Head) => {
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      if (known.headers['sec-websocket-accept'] !== accept) return fail(new Error('wrong Sec-WebSocket-Accept'));
      if (known.headers['upgrade']?.toLowerCase() !== 'websocket') return fail(new Error('101 without Upgrade'));
      stopListening();
      socket.pause();
      resolve({ open: true, head: known, socket, rest: bytes.subarray(bodyAt) });
    };
    const complete = (known: Head): boolean => {
      const length = known.headers['content-length'];
      if (length !== undefined) return bytes.length - bodyAt >= Number(length);
      return known.headers['transfer-encoding'] === 'chunked' && bytes.indexOf('0\r\n\r\n', bodyAt) >= 0;
    };
    socket.on('connect', () => socket.write(request(url, key, options)));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (head === undefined) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        try {
          head = parseHead(bytes.toString('latin1', 0, end));
        } catch (error) {
          return fail(error as Error);
        }
        bodyAt = end + 4;
        if (head.status === 101) return opened(head);
      }
      if (complete(head)) refused(head);
    });
    socket.on('end', () => (head === undefined ? fail(new Error('closed without an answer')) : refused(head)));
    socket.on('error', fail);
  });
};
