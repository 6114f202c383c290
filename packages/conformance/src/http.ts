import { request } from 'node:http';
import { DEADLINE_MS, patient } from './waiting.js';

export interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is; anything else as JSON. */
  readonly body?: unknown;
  readonly token?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; the values of a repeated one joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** One HTTP request on a connection of its own. */
export const http = (base: string, method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> => {
  const body =
    options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
  const headers: Record<string, string> = {
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    ...options.headers,
  };
  const url = new URL(base);
  return new Promise((resolve, reject) => {
    const asked = request(
      // The path goes out as it is, not as a URL would clean it.
      { host: url.hostname, port: url.port, path, method, headers, agent: false, timeout: patient(DEADLINE_MS) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const all = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
          resolve({
            status: answer.statusCode ?? 0,
            headers: Object.fromEntries(all),
            text,
            json: parse(text),
          });
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} was not answered in time`)));
    asked.on('error', reject);
    asked.end(body);
  });
};
