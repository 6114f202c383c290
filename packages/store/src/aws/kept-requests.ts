import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface KeptRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface KeptOptions {
  /** For an answer, from the beginning to the end of silence. */
  readonly timeoutMs: number;
  /** Sends a request once more over a new connection, where a kept one that took it had ended: for those that may be carried out twice. */
  readonly mayRepeat?: boolean;
}

const SOCKETS = 256;

/** How the far end of a kept connection shows that it has closed it. */
const HUNG_UP: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

const silent = (ms: number): Error =>
  Object.assign(new Error(`there was no answer for ${ms} ms`), { name: 'TimeoutError' });

const read = (response: IncomingMessage): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    response.once('error', reject);
  });

/**
 * Requests to one host over connections that are kept. A process that was frozen did not hear that the far end closed them.
 * Rejects as Node does; where no answer came in time, with a `TimeoutError`.
 */
export const keptRequests = (origin: string, { timeoutMs, mayRepeat = false }: KeptOptions) => {
  const { protocol, hostname, port } = new URL(origin);
  const isPlain = protocol === 'http:';
  const Agent = isPlain ? HttpAgent : HttpsAgent;
  const request = isPlain ? httpRequest : httpsRequest;
  const kept = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const host = hostname.replace(/^\[(.+)\]$/u, '$1');

  const once = (asked: KeptRequest, agent: RequestOptions['agent']): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { method, path, headers, body, signal } = asked;
      const length = body === undefined ? {} : { 'content-length': body.byteLength };
      const sending = request({ host, port, method, path, headers: { ...headers, ...length }, agent, signal });
      let isAnswered = false;
      sending.setTimeout(timeoutMs, () => sending.destroy(silent(timeoutMs)));
      sending.once('response', (response) => {
        isAnswered = true;
        read(response).then(resolve, reject);
      });
      sending.on('error', (error: Error & { readonly code?: unknown }) => {
        if (!mayRepeat || isAnswered || !sending.reusedSocket || !HUNG_UP.has(error.code)) reject(error);
        // One that is not kept: the other kept ones may have ended too.
        else resolve(once(asked, new Agent()));
      });
      sending.end(body);
    });

  return {
    send: (asked: KeptRequest): Promise<Answer> => once(asked, kept),
    close: (): void => kept.destroy(),
  };
};
