import { Agent, type IncomingMessage, request } from 'node:http';
import type { Host } from './peer.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly key?: string;
  readonly token?: string;
}

const ANSWER_MS = 30_000;

/** HTTP over connections that are kept, as a backend's are. One who may do everything calls, where no token is given. */
export class HttpCaller {
  readonly #server: Host;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #token: string;
  readonly #patienceMs: number;

  constructor(server: Host, patienceMs = ANSWER_MS) {
    this.#server = server;
    this.#patienceMs = patienceMs;
    this.#token = server.token('operator', { scope: 'publish admin', exp: Math.floor(Date.now() / 1000) + 86_400 });
  }

  /** Undefined where there was no answer: nobody knows what became of it. */
  async try(call: HttpCall): Promise<HttpAnswer | undefined> {
    try {
      return await this.call(call);
    } catch {
      return undefined;
    }
  }

  call({ method, path, body, key, token = this.#token }: HttpCall): Promise<HttpAnswer> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const to = { host: '127.0.0.1', port: this.#server.port, method, path, headers, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const asked = request({ ...to, timeout: this.#patienceMs }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        // A link that broke within the body is no answer.
        answer.once('aborted', () => reject(new Error('the answer was cut off')));
        answer.once('end', () => {
          const { statusCode = 0, headers: named } = answer;
          resolve({ status: statusCode, headers: named, text: Buffer.concat(chunks).toString() });
        });
      });
      asked.once('timeout', () => asked.destroy(new Error('not answered in time')));
      asked.once('error', reject);
      asked.end(body);
    });
  }

  post(path: string, body: unknown, key?: string): Promise<HttpAnswer> {
    return this.call({ method: 'POST', path, body: JSON.stringify(body), ...(key === undefined ? {} : { key }) });
  }

  get(path: string): Promise<HttpAnswer> {
    return this.call({ method: 'GET', path });
  }

  /** The value of a metric; of all its labels, where none are given. */
  async metric(name: string, labels = ''): Promise<number> {
    const { text } = await this.get('/metrics');
    let sum = 0;
    for (const line of text.split('\n')) {
      if (!line.startsWith(name) || !line.includes(labels)) continue;
      if (line[name.length] === ' ' || line[name.length] === '{') sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }

  close(): void {
    this.#agent.destroy();
  }
}
