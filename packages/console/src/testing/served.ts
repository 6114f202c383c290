/** The built server with the built page, as `aideals serve` starts it, and deals published to it over HTTP. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../../../..');
const command = join(root, 'packages/cli/bin/aideals.js');
const built = [join(root, 'packages/cli/dist/main.js'), join(root, 'packages/console/dist/index.html')];

const run = promisify(execFile);

export class Served {
  readonly #env: Record<string, string>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'aideals-page-'));
  #child: ChildProcess | undefined;
  #publisher = '';
  url = '';

  constructor(settings: Record<string, string> = {}) {
    if (!built.every((file) => existsSync(file))) throw new Error('the page is tested as built: npm run build first');
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
    if (this.#publisher === '') this.#publisher = await this.token('publisher', '--scope', 'publish');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'close');
    child.kill('SIGTERM');
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

  /** Publishes deals, in order. `filters` are attributes that the page is not told. */
  async publish(...deals: { data: object; topic?: string; filters?: object }[]): Promise<void> {
    const response = await fetch(`${this.url}/v1/broadcast`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#publisher}`, 'content-type': 'application/json' },
      body: JSON.stringify(deals.map((deal) => ({ topic: 'new-deals', ...deal }))),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}
