import { mkdirSync } from 'node:fs';
import { createClient } from 'redis';
import { Child, type Exit } from './child.js';
import { freePort } from './free-port.js';
import { requireProgram } from './installed.js';

export interface RedisOptions {
  /** Where it keeps its append-only file; it is made where it is missing. */
  readonly folder: string;
  readonly port?: number;
  readonly password?: string;
  /** More options of redis-server, such as `['--maxmemory', '64mb']`. */
  readonly args?: readonly string[];
  readonly say?: (line: string) => void;
}

const READY = /Ready to accept connections/u;
const PATIENCE_MS = 10_000;

/** A redis-server on the loopback, with its data kept over a restart. */
export class LocalRedis {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly password: string | undefined;
  readonly #command: readonly [string, ...string[]];
  #child: Child | undefined;

  private constructor(port: number, password: string | undefined, command: readonly [string, ...string[]]) {
    this.port = port;
    this.password = password;
    this.#command = command;
  }

  /** Resolves when it takes connections. */
  static async start({ folder, port, password, args = [], say }: RedisOptions): Promise<LocalRedis> {
    const program = await requireProgram('redis-server', say === undefined ? {} : { say });
    mkdirSync(folder, { recursive: true });
    const at = port ?? (await freePort());
    const redis = new LocalRedis(at, password, [
      program,
      ...['--port', String(at), '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no'],
      ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ]);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://${this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`}${this.host}:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.end === undefined;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** The last lines of what it logged in its present life. */
  get lines(): readonly string[] {
    return this.#running.lines;
  }

  /** Starts it again, on its port and its data. */
  async start(): Promise<void> {
    this.#child = new Child({ name: 'redis-server', command: this.#command });
    await this.#child.seen(READY);
  }

  pause(): void {
    this.#running.signal('SIGSTOP');
  }

  resume(): void {
    this.#running.signal('SIGCONT');
  }

  kill(): Promise<Exit> {
    return this.#running.kill();
  }

  stop(): Promise<Exit> {
    return this.#running.stop();
  }

  /** Ends it, in good order or not, and starts it again: what it had in its file is there, under a new run id. */
  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await this[how]();
    await this.start();
  }

  /** Forgets everything, as a replica does that was promoted empty. */
  async flush(): Promise<void> {
    await this.command('FLUSHALL', 'SYNC');
  }

  /** Runs one command on a connection of its own. */
  async command(...words: [string, ...string[]]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      socket: { reconnectStrategy: false, connectTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS },
    });
    // What goes wrong is told by the rejected call.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  get #running(): Child {
    if (this.#child === undefined) throw new Error('redis-server was never started');
    return this.#child;
  }
}
