import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child, type Environment, type Exit } from './child.js';
import { freePort } from './free-port.js';

const BIN = fileURLToPath(new URL('../../cli/bin/aideals.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

/** The built command `aideals`, as a program and its first argument. */
export const builtCommand = (): readonly [string, ...string[]] => {
  if (!existsSync(BUILT)) throw new Error('nodes are run as built: npm run build first');
  return [process.execPath, BIN];
};

export interface NodeOptions {
  readonly name: string;
  /** Settings of `aideals serve`; HOST and PORT are given by the node itself. */
  readonly env: Environment;
  readonly port?: number;
  /** In place of the built `aideals`. */
  readonly command?: readonly [string, ...string[]];
  /** Called with each line of its log, in all its lives. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Called when a life has ended that was ready once; `isExpected` where that was asked for. */
  readonly onExit?: (exit: Exit, isExpected: boolean) => void;
}

const MOST_LINES = 20_000;

/** A server of the cluster: it may be killed, stopped in mid-air and started again, always at the same address. */
export class LocalNode {
  readonly name: string;
  readonly port: number;
  /** What it logged in all its lives: the last lines. */
  readonly log: string[] = [];
  #isPaused = false;
  #isExpected = false;
  readonly #options: NodeOptions;
  #life: Child | undefined;

  private constructor(port: number, options: NodeOptions) {
    this.name = options.name;
    this.port = port;
    this.#options = options;
  }

  /** A node that is not started yet. */
  static async at(options: NodeOptions): Promise<LocalNode> {
    return new LocalNode(options.port ?? (await freePort()), options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#present.pid;
  }

  get isRunning(): boolean {
    return this.#life !== undefined && this.#life.end === undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Resolves when its present life, or the last one, has ended. */
  get exited(): Promise<Exit> {
    return this.#present.exited;
  }

  /** Begins a life, and resolves when it says that it is ready. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const { name, env, command = builtCommand(), onLine, onExit } = this.#options;
    this.#isPaused = false;
    this.#isExpected = false;
    const life = new Child({
      name,
      command: [...command, 'serve'],
      env: { ...env, HOST: '127.0.0.1', PORT: String(this.port) },
      onLine: (line, stream) => {
        this.log.push(line);
        if (this.log.length > MOST_LINES) this.log.shift();
        onLine?.(line, stream);
      },
    });
    this.#life = life;
    await life.seen(/ is ready at /u);
    void life.exited.then((exit) => onExit?.(exit, this.#isExpected));
  }

  /** Ends it at once. */
  kill(): Promise<Exit> {
    this.#isExpected = true;
    this.#isPaused = false;
    return this.#present.kill();
  }

  /** Lets it drain, and resolves when it is gone. */
  stop(ms?: number): Promise<Exit> {
    this.#isExpected = true;
    this.#isPaused = false;
    return this.#present.stop(ms);
  }

  signal(name: NodeJS.Signals): void {
    this.#isExpected = true;
    this.#present.signal(name);
  }

  /** Stops it in mid-air: its sockets stay, and nothing answers. */
  pause(): void {
    this.#isPaused = true;
    this.#present.signal('SIGSTOP');
  }

  resume(): void {
    this.#isPaused = false;
    this.#present.signal('SIGCONT');
  }

  get #present(): Child {
    if (this.#life === undefined) throw new Error(`${this.name} was never started`);
    return this.#life;
  }
}
