import { createRequire } from 'node:module';
import { Child, type Exit } from './child.js';
import { freePort } from './free-port.js';

const require = createRequire(import.meta.url);
const DYNALITE = require.resolve('dynalite/cli.js');

/** DynamoDB's API by dynalite, in a process and in the memory of its own: what it holds is gone when it ends. */
export class LocalDynamo {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #child: Child;

  private constructor(port: number, child: Child) {
    this.port = port;
    this.#child = child;
  }

  /** Resolves when it takes calls. */
  static async start(port?: number): Promise<LocalDynamo> {
    const at = port ?? (await freePort());
    const own = ['--host', '127.0.0.1', '--port', String(at)];
    const quick = ['--createTableMs', '0', '--deleteTableMs', '0', '--updateTableMs', '0'];
    const child = new Child({ name: 'dynalite', command: [process.execPath, DYNALITE, ...own, ...quick] });
    await child.seen(/listening at/u);
    return new LocalDynamo(at, child);
  }

  get endpoint(): string {
    return `http://${this.host}:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Answers nothing until it is resumed. */
  pause(): void {
    this.#child.signal('SIGSTOP');
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  stop(): Promise<Exit> {
    return this.#child.kill();
  }
}
