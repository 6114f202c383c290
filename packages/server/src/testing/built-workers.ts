import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KEY, SECRET, TestClient, tokenFor } from './test-server.js';

const root = join(import.meta.dirname, '../../../..');
const command = join(root, 'packages/cli/bin/aideals.js');

export interface Published {
  readonly id: string;
}

/** The built command with workers: `node:cluster` starts processes, which a test cannot be. */
export class BuiltWorkers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aideals-workers-'));
  readonly #clients: TestClient[] = [];
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #waiting: (() => void)[] = [];
  #exited: Promise<number | null> = Promise.resolve(null);
  url = '';

  /** Resolves when it is ready, or rejects when it ends before. */
  async start(env: Readonly<Record<string, string>> = {}, workers = 2): Promise<void> {
    if (!existsSync(join(root, 'packages/cli/dist/main.js'))) throw new Error('run npm run build first');
    const child = spawn(process.execPath, [command, 'serve', '--workers', String(workers)], {
      env: {
        PATH: process.env['PATH'],
        // Its local socket lies here.
        TMPDIR: this.#folder,
        PORT: '0',
        JWT_SECRET: SECRET,
        AIDEALS_API_KEYS: `tests:${KEY}:publish+admin`,
        AIDEALS_DATA_DIR: join(this.#folder, 'data'),
        AIDEALS_RATE_LIMIT: 'off',
        AIDEALS_DRAIN_SECONDS: '3',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'close').then(([code]) => code as number | null);
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#lines.push(line);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const url = / ready at (http\S+)/u.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
      void this.#exited.then((code) => reject(new Error(`it ended with ${code}: ${this.#lines.join('\n')}`)));
    });
  }

  /** Its exit code; null where a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The processes of the workers that live now. */
  get workers(): readonly number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return children
      .split(' ')
      .filter((each) => each !== '')
      .map(Number);
  }

  /** Where the owner of the store listens for its workers. */
  get ownerSocket(): string {
    const folder = readdirSync(this.#folder).find((name) => name.startsWith('aideals-')) ?? '';
    return join(this.#folder, folder, 'owner');
  }

  /** Resolves when the log holds so many lines that match. */
  async logged(words: string, times = 1): Promise<void> {
    while (this.#lines.filter((line) => line.includes(words)).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** A connection, at whichever worker; undefined where it is refused. */
  async dial(sub: string): Promise<TestClient | undefined> {
    const client = new TestClient(`${this.url.replace('http', 'ws')}/ws?token=${await tokenFor(sub)}`);
    this.#clients.push(client);
    return new Promise((resolve) => {
      client.socket.once('open', () => resolve(client));
      client.socket.once('error', () => resolve(undefined));
    });
  }

  async connect(sub: string): Promise<TestClient> {
    const client = await this.dial(sub);
    if (client === undefined) throw new Error('the connection was refused');
    return client;
  }

  call(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { 'x-api-key': KEY, connection: 'close', ...init.headers },
    });
  }

  /** Publishes; where the worker that took it died before it answered, once more under the same key. */
  async publish(data: object, key: string): Promise<Published> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.call('/v1/broadcast', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ topic: 'new-deals', data }),
      }).catch(() => undefined);
      if (response?.status === 200) return (await response.json()) as Published;
      if (response !== undefined && response.status < 500) throw new Error(await response.text());
      if (attempt > 20) throw new Error(`not published: ${response?.status}`);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it, and removes what it kept. */
  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.socket.terminate();
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.signal('SIGKILL');
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
