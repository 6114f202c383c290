/** The built server, as `aideals serve` starts it, and deals published to it over HTTP. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../../../..');
const command = join(root, 'packages/cli/bin/aideals.js');
const built = join(root, 'packages/cli/dist/main.js');

const run = promisify(execFile);

export class Served {
  readonly #env: Record<string, string>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'aideals-served-'));
  #child: ChildProcess | undefined;
  #operator = '';
  url = '';

  constructor(settings: Record<string, string> = {}) {
    if (!existsSync(built)) throw new Error('the server is run as built: npm run build first');
    this.#env = {
      PATH: process.env['PATH'] ?? '',
      JWT_SECRET: 'a secret of thirty-two bytes, or more',
      AIDEALS_DATA_DIR: this.#folder,
      AIDEALS_LOG_LEVEL: 'error',
      PORT: '0',
      ...settings,
    };
  }

  /** Starts it, the second time on the same port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [command, 'serve'], { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const url = / ready at (http\S+)/u.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
      once(child, 'close').then(() => reject(new Error('the server did not start')), reject);
    });
    this.#env['PORT'] = new URL(this.url).port;
    if (this.#operator === '') this.#operator = await this.token('operator', '--scope', 'publish admin');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  }

  /** Stops it, and removes its data. */
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async token(sub: string, ...options: string[]): Promise<string> {
    const args = [command, 'token', '--sub', sub, ...options];
    return (await run(process.execPath, args, { env: this.#env })).stdout.trim();
  }

  /** Publishes deals, in order. `filters` are attributes that receivers are not told. */
  async publish(...deals: { data: object; topic?: string; filters?: object }[]): Promise<void> {
    await this.call(
      'POST',
      '/v1/broadcast',
      deals.map((deal) => ({ topic: 'new-deals', ...deal })),
    );
  }

  /** Calls the HTTP API as an operator. */
  async call(method: string, path: string, body?: unknown): Promise<void> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#operator}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.url}${path}`, request);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}
