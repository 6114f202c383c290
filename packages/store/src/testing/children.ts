import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./child.ts', import.meta.url));
const node = [process.execPath, '--conditions=@aideals/source', '--import', 'tsx', script];

export interface Child {
  readonly process: ChildProcess;
  /** What it wrote to its error stream. */
  errors(): string;
  /** What it told so far. */
  readonly told: unknown[];
  /** Resolves when it has told so many things; rejects where it ends before. */
  tells(count: number): Promise<void>;
  /** Kills it as a crash does, and resolves when it is gone. */
  kill(): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** Runs the store in a process of its own. */
export const startChild = (mode: 'write' | 'hold', dataDir: string): Child => {
  const command = [...node, mode, dataDir];
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const told: unknown[] = [];
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const waiting: { count: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(JSON.parse(line));
    for (const { count, resolve } of waiting) if (told.length >= count) resolve();
  });
  const ended = once(child, 'close').then(([code]) => {
    for (const { reject } of waiting) reject(new Error(`the child ended: ${errors}`));
    return code as number | null;
  });
  return {
    process: child,
    errors: () => errors,
    told,
    tells: (count) =>
      new Promise((resolve, reject) => {
        waiting.push({ count, resolve, reject });
        if (told.length >= count) resolve();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
};
