import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bind, release } from './reaper.js';

/** How a process ended. */
export interface Exit {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ChildOptions {
  /** How messages name it. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** Its whole environment but for PATH and HOME. */
  readonly env?: Environment;
  /** Called with each line that it writes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

const MOST_LINES = 5_000;
const START_MS = 30_000;
const STOP_MS = 15_000;

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) killGroup(child);
});

/** Each child leads a group of its own. */
const killGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone in this moment.
  }
};

/**
 * A process of our own. It has a group of its own, so that a Ctrl-C reaches its starter alone, which ends it in good order;
 * where the starter ends first, and be it by a kill, it is killed.
 */
export class Child {
  readonly name: string;
  /** What it wrote: the last lines. */
  readonly lines: string[] = [];
  /** Resolves when it is gone. */
  readonly exited: Promise<Exit>;
  /** How it ended; undefined while it runs. */
  end: Exit | undefined;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(line: string) => void>();

  constructor({ name, command: [program, ...args], env = {}, onLine }: ChildOptions) {
    this.name = name;
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    living.add(child);
    const { pid } = child;
    if (pid !== undefined) bind(pid);
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream] }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MOST_LINES) this.lines.shift();
        onLine?.(line, stream);
        for (const listener of this.#listeners) listener(line);
      });
    }
    this.exited = new Promise((resolve) => {
      const over = (end: Exit): void => {
        living.delete(child);
        if (pid !== undefined && this.end === undefined) release(pid);
        this.end ??= end;
        resolve(this.end);
      };
      child.once('error', ({ message }) => {
        this.lines.push(message);
        over({ code: 127, signal: null });
      });
      child.once('close', (code, signal) => over({ code, signal }));
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} was not started: ${this.lines.join(' ')}`);
    return pid;
  }

  /** Resolves with the first line of what it writes from now on that matches; rejects when it ends, or takes too long. */
  seen(pattern: RegExp, ms = START_MS): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const fail = (what: string): void => {
        finish();
        reject(new Error(`${this.name} ${what}, and has not said ${pattern}:\n${this.lines.slice(-40).join('\n')}`));
      };
      const look = (line: string): void => {
        const found = pattern.exec(line);
        if (found === null) return;
        finish();
        resolve(found);
      };
      const timer = setTimeout(() => fail(`was given ${ms} ms`), ms);
      this.#listeners.add(look);
      void this.exited.then(({ code, signal }) => fail(`ended with ${code ?? signal}`));
    });
  }

  signal(name: NodeJS.Signals): void {
    if (this.end === undefined) this.#child.kill(name);
  }

  /** Ends it at once, stopped or not, with whatever it started, and resolves when it is gone. */
  kill(): Promise<Exit> {
    if (this.end === undefined) killGroup(this.#child);
    return this.exited;
  }

  /** Asks it to end, and kills it where it takes too long. */
  async stop(ms = STOP_MS): Promise<Exit> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => void this.kill(), ms);
    const end = await this.exited;
    clearTimeout(timer);
    return end;
  }
}
