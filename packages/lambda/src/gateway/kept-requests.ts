import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  /** The beginning of its text, where it is no success. */
  readonly text: string;
}

export interface KeptRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const SOCKETS = 256;
const TEXT_BYTES = 1_024;

/** How the far end of a kept connection shows that it has closed it. */
const HUNG_UP: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

const read = (response: IncomingMessage): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const status = response.statusCode ?? 0;
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      if (status >= 300 && text.length < TEXT_BYTES) text += part;
    });
    response.once('end', () => resolve({ status, text }));
    response.once('error', reject);
    response.once('aborted', () => reject(new Error('the answer was cut off')));
  });

/**
 * Requests to one host over connections that are kept. A process that was frozen did not hear that the far end closed them: a
 * request that such a connection took, and no answer began to, is sent once more over a new one.
 */
export const keptRequests = (origin: string, timeoutMs: number) => {
  const { protocol, hostname, port } = new URL(origin);
  const isPlain = protocol === 'http:';
  const Agent = isPlain ? HttpAgent : HttpsAgent;
  const request = isPlain ? httpRequest : httpsRequest;
  const kept = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const host = hostname.replace(/^\[(.+)\]$/u, '$1');

  const once = (asked: KeptRequest, agent: RequestOptions['agent']): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { method, path, headers, body } = asked;
      const length = body === undefined ? {} : { 'content-length': body.byteLength };
      const sending = request({ host, port, method, path, headers: { ...headers, ...length }, agent });
      let isAnswered = false;
      sending.setTimeout(timeoutMs, () => sending.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      sending.once('response', (response) => {
        isAnswered = true;
        read(response).then(resolve, reject);
      });
      sending.on('error', (error: Error & { readonly code?: unknown }) => {
        if (isAnswered || !sending.reusedSocket || !HUNG_UP.has(error.code)) reject(error);
        // One that is not kept: the other kept ones may have ended too.
        else resolve(once(asked, new Agent()));
      });
      sending.end(body);
    });

  return (asked: KeptRequest): Promise<Answer> => once(asked, kept);
};
