/** Programs that a test runs, each in an environment that it names. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Ended {
  readonly code: number;
  readonly output: string;
}

type Env = Readonly<Record<string, string>>;

const environment = (env: Env): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  NO_COLOR: '1',
  ...env,
});

/** Runs a program to its end, whatever that is. */
export const ran = async (cwd: string, program: string, args: readonly string[], env: Env = {}): Promise<Ended> => {
  try {
    const { stdout, stderr } = await run(program, args, { cwd, env: environment(env), maxBuffer: 1 << 24 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, output: stdout + stderr + (error as Error).message };
  }
};

export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server, and resolves when it has said where it is ready. */
export const served = async (cwd: string, program: string, args: readonly string[], env: Env): Promise<Running> => {
  const child: ChildProcess = spawn(program, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  let output = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  const url = await new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const found = / is ready at (http:\S+)/u.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    exit.then(() => reject(new Error(`the server ended before it was ready:\n${output}`)), reject);
  });
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
};
