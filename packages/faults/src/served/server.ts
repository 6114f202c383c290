import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Claims, tokenFor } from '@aideals/conformance';
import { freePort } from '@aideals/local-cluster';
import { DEADLINE_MS, within } from '../waiting.js';

const COMMAND = fileURLToPath(new URL('../../../cli/bin/aideals.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../../cli/dist/main.js', import.meta.url));
const MOST_LINES = 2_000;

export type Settings = Readonly<Record<string, string>>;

export interface ServerOptions {
  readonly folder: string;
  readonly settings?: Settings;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Life {
  readonly child: ChildProcess;
  end: Exit | undefined;
  readonly exited: Promise<Exit>;
}

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** The built command on one data folder: it may be killed and started again, always at the same address. */
export class FaultServer {
  readonly port: number;
  /** What it logged, in all its lives: the last lines. */
  readonly log: string[] = [];
  readonly #secret = randomBytes(32).toString('hex');
  readonly #options: ServerOptions;
  #life: Life | undefined;

  private constructor(port: number, options: ServerOptions) {
    this.port = port;
    this.#options = options;
  }

  static async on(options: ServerOptions): Promise<FaultServer> {
    if (!existsSync(BUILT)) throw new Error('the server is run as built: npm run build first');
    return new FaultServer(await freePort(), options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How the last life ended; undefined while one goes on. */
  get end(): Exit | undefined {
    return this.#life?.end;
  }

  get pid(): number {
    const pid = this.#life?.child.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Resolves when the present life, or the last one, has ended. */
  get exited(): Promise<Exit> {
    if (this.#life === undefined) throw new Error('the server was never started');
    return this.#life.exited;
  }

  token(user: string, claims: Claims = {}): string {
    return tokenFor(this.#secret, user, claims);
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    const { settings, folder } = this.#options;
    const env = {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(this.port),
      JWT_SECRET: this.#secret,
      AIDEALS_DATA_DIR: folder,
      AIDEALS_RATE_LIMIT: 'off',
      AIDEALS_LOG_LEVEL: 'warn',
      ...settings,
    };
    const child = spawn(process.execPath, [COMMAND, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    living.add(child);
    const exited = new Promise<Exit>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        living.delete(child);
        life.end = { code, signal };
        resolve(life.end);
      });
    });
    exited.catch(() => undefined);
    const life: Life = { child, exited, end: undefined };
    this.#life = life;
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      if (this.log.length > MOST_LINES) this.log.shift();
    });
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes(' is ready at ')) resolve();
      });
    });
    const failed = exited.then((exit) => {
      throw new Error(`the server ended with ${JSON.stringify(exit)} before it was ready:\n${this.log.join('\n')}`);
    });
    failed.catch(() => undefined);
    await within(DEADLINE_MS, 'the server to be ready', Promise.race([ready, failed]));
  }

  signal(name: NodeJS.Signals): void {
    this.#life?.child.kill(name);
  }

  /** Ends it at once, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#life === undefined) return;
    this.signal('SIGKILL');
    await this.#life.exited;
  }
}
